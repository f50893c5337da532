import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { connectPostgres } from "@carnet/server/store/postgres/open-postgres";
import { postgresDialect } from "@carnet/server/store/postgres/postgres-dialect";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { inTurn } from "@carnet/server/store/sql/in-turn";
import type { Tables } from "@carnet/server/store/sql/schema";
import { StoreBusy } from "@carnet/server/store/store-busy";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { sharedPostgres } from "@carnet/testkit/postgres-server";
import { clientIdOf, plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { addressOf, migratedDatabase, storePorts } from "@carnet/testkit/test-database";
import { type Kysely, sql } from "kysely";

const options = { timeout: 5000, connections: 4, passwordFile: undefined };

const storeOn = (db: Kysely<Tables>) =>
  createSqlClientStore(db, storePorts(postgresDialect, new FixedClock("2026-11-21T12:00:00Z")));

suite("writers that wait for each other on PostgreSQL", () => {
  test("writers wait for a lock no longer than the store timeout, and are told that the store is busy", async () => {
    const url = await migratedDatabase(await sharedPostgres());
    const [holder, waiting] = [
      connectPostgres(addressOf(url), options),
      connectPostgres(addressOf(url), { ...options, timeout: 50 }),
    ];
    await inTurn({ db: holder, dialect: postgresDialect }, "changes", async (transaction) => {
      await transaction.deleteFrom("announced_ends").execute();
      await assert.rejects(storeOn(waiting).insert([plainClient("app")], withEvent()), StoreBusy);
      await inTurn({ db: waiting, dialect: postgresDialect }, "usage", async () => {}); // another domain does not wait
    });
    for (const db of [holder, waiting]) await db.destroy();
  });

  test("a writer waits for the earlier ones in bounded time, not for the timeout of each", async () => {
    const url = await migratedDatabase(await sharedPostgres());
    const [holder, db] = [
      connectPostgres(addressOf(url), options),
      connectPostgres(addressOf(url), { ...options, timeout: 2600 }),
    ];
    await inTurn({ db: holder, dialect: postgresDialect }, "changes", async (transaction) => {
      const keepAlive = setInterval(() => void sql`select 1`.execute(transaction), 1000);
      const since = performance.now();
      const writes = Array.from({ length: 8 }, (_, n) => storeOn(db).insert([plainClient(`app-${n}`)], withEvent()));
      for (const outcome of await Promise.allSettled(writes))
        assert.ok(outcome.status === "rejected" && outcome.reason instanceof StoreBusy);
      clearInterval(keepAlive);
      assert.ok(performance.now() - since < 12_000, "two wait for the lock, and the others for them; all eight: 21 s");
    });
    assert.equal((await storeOn(db).insert([plainClient("later")], withEvent())).kind, "inserted");
    for (const pool of [holder, db]) await pool.destroy();
  });

  test("writers that wait for a lock leave connections to those who read", async () => {
    const url = await migratedDatabase(await sharedPostgres());
    const [holder, db] = [connectPostgres(addressOf(url), options), connectPostgres(addressOf(url), options)];
    const store = storeOn(db);
    const writes = await inTurn({ db: holder, dialect: postgresDialect }, "changes", async () => {
      const waiting = Array.from({ length: 8 }, (_, n) => store.insert([plainClient(`app-${n}`)], withEvent()));
      assert.equal(await store.find(clientIdOf("nobody")), undefined, "answered while eight writers wait");
      return { waiting: Promise.all(waiting) };
    });
    assert.deepEqual(new Set((await writes.waiting).map(({ kind }) => kind)), new Set(["inserted"]));
    for (const pool of [holder, db]) await pool.destroy();
  });
});
