import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import type { Tables } from "@carnet/server/store/sql/schema";
import { wrapDatabase } from "@carnet/server/store/sqlite/node-sqlite-database";
import { allClients } from "@carnet/testkit/all-clients";
import { carnetBin, type Finished } from "@carnet/testkit/carnet-process";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { Kysely, SqliteDialect } from "kysely";
import { assertServed, assertWhole } from "./support/assert-whole.ts";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { makeStore, openStore } from "./support/store-files.ts";

/** Starts `carnet serve` with a limit on the size of files, which has the same effect as a full disk. */
function startWithFileLimit(bytes: number, folder: string): Promise<Finished> {
  // POSIX counts in blocks of 512 bytes
  const command = ["sh", "-c", `ulimit -f ${bytes / 512}; exec "$@"`, "sh", process.execPath, carnetBin] as const;
  return startOnce({ folder, command });
}

const sentence =
  /^carnet: (The disk (failed while the database carnet\.db was read or written: check that it is healthy, not full|of the database carnet\.db is full: make room)|The master key file master\.key cannot be created \(\w+\): let this user write there|The database carnet\.db cannot be created)/;

suite("a full disk", () => {
  test("stops the first start at any write, and a later start creates the store", async () => {
    // From no space at all to slightly too little for the last write
    const limits = [0, 16_384, 20_480, 40_960, 57_344];
    const run = async (limit: number): Promise<void> => {
      await using folder = await temporaryFolder();
      const finished = await startWithFileLimit(limit, folder.path);
      assertStopsWith(finished, sentence);
      await assertServed(folder.path);
      assert.match(readFileSync(folder.file("admin.json"), "utf8"), /"client_secret"/, `after ${limit}`);
      await assertWhole(folder.path, [{ id: "carnet-admin", secret: "" }]);
    };
    await Promise.all(limits.map(run));
  });

  test("prevents the first admin client, loses no acknowledged client, and a later start creates the admin client", async () => {
    await using store = await makeStore(200);
    assertStopsWith(await startWithFileLimit(4096, store.path), sentence);
    const ids = async (): Promise<string[]> => {
      const registry = await openStore(store.path);
      const clients = await allClients(registry.store);
      await registry.close();
      return clients.map(({ clientId }) => clientId);
    };
    assert.deepEqual(
      await ids(),
      store.clients.map(({ id }) => id),
    );
    await assertServed(store.path);
    assert.deepEqual((await ids())[0], "carnet-admin");
  });

  test("reported by SQLite rolls back the whole registration, and the next one succeeds", async () => {
    await using folder = await makeStore();
    const database = new DatabaseSync(folder.database);
    const store = createSqlClientStore(
      new Kysely<Tables>({ dialect: new SqliteDialect({ database: wrapDatabase(database, "carnet.db") }) }),
      sqlitePorts(new FixedClock("2026-11-21T12:00:00Z")),
    );
    const pages = Number(database.prepare("pragma page_count").get()?.["page_count"]);
    database.exec(`pragma max_page_count = ${pages}`);
    let stored = 0;
    const insert = async (): Promise<void> => {
      const client = { ...plainClient(`full-${stored}`), secrets: [] };
      assert.deepEqual(await store.insert([client], withEvent()), { kind: "inserted" });
      stored += 1;
    };
    await assert.rejects(
      async () => {
        for (;;) await insert();
      },
      (error) => {
        assert.ok(error instanceof OperatorFault);
        assert.match(
          error.message,
          /^The disk of the database carnet\.db is full: make room, and start again if the service has not started\. Nothing that/,
        );
        return true;
      },
    );
    assert.equal((await allClients(store)).length, stored + 1);
    database.exec("pragma max_page_count = 1000000");
    await insert();
    database.close();
  });
});
