import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { testOwnerStore } from "@carnet/testkit/owner-store-conformance";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";

async function open() {
  const cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder());
  const ports = sqlitePorts(new FixedClock("2026-11-21T12:00:00Z"));
  const db = await openSqlite(folder.file("carnet.db"));
  cleanup.defer(() => db.destroy());
  const second = await openSqlite(folder.file("carnet.db"));
  cleanup.defer(() => second.destroy());
  return {
    db,
    owners: createSqlOwnerStore(db, ports),
    other: createSqlOwnerStore(second, ports),
    clients: createSqlClientStore(db, ports),
    events: createSqlEventStore(second, ports),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

testOwnerStore("SQLite", open);

test("a policy that cannot be read is a fault of the operator, who is told what to do", async () => {
  await using under = await open();
  for (const policy of ["", "{", "[1", '{"addressBlocks":["nonsense"]}', '{"addressBlocks":7}']) {
    await under.db.updateTable("owners").set({ policy }).execute();
    for (const read of [() => under.owners.find("default"), () => under.owners.list()])
      await assert.rejects(read, (error) => {
        assert.ok(error instanceof OperatorFault, policy);
        assert.match(error.message, /cannot read: start the version that wrote it, or restore the store from a backup/);
        return true;
      });
  }
  await under.db.updateTable("owners").set({ policy: "{}" }).execute();
  assert.deepEqual((await under.owners.find("default"))?.policy.usernames, [], "what is missing has its default");
});
