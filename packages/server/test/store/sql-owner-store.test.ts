import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { testOwnerStore } from "@carnet/testkit/owner-store-conformance";
import { databases, storePorts, type TestDatabase } from "@carnet/testkit/test-database";

async function openOwners(open: () => Promise<TestDatabase>) {
  const database = await open();
  const { db, other: second, dialect } = database;
  const ports = storePorts(dialect, new FixedClock("2026-11-21T12:00:00Z"));
  return {
    db,
    owners: createSqlOwnerStore(db, ports),
    other: createSqlOwnerStore(second, ports),
    clients: createSqlClientStore(db, ports),
    events: createSqlEventStore(second, ports),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

for (const { name, open } of databases) testOwnerStore(name, () => openOwners(open));

for (const { name, open } of databases)
  test(`${name}: a policy that cannot be read is a fault of the operator, who is told what to do`, async () => {
    await using under = await openOwners(open);
    for (const policy of ["", "{", "[1", '{"addressBlocks":["nonsense"]}', '{"addressBlocks":7}']) {
      await under.db.updateTable("owners").set({ policy }).execute();
      for (const read of [() => under.owners.find("default"), () => under.owners.list()])
        await assert.rejects(read, (error) => {
          assert.ok(error instanceof OperatorFault, policy);
          assert.match(
            error.message,
            /cannot read: start the version that wrote it, or restore the store from a backup/,
          );
          return true;
        });
    }
    await under.db.updateTable("owners").set({ policy: "{}" }).execute();
    assert.deepEqual((await under.owners.find("default"))?.policy.usernames, [], "what is missing has its default");
  });
