import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startBackground } from "@carnet/server/background";
import type { Log } from "@carnet/server/log/logger";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { StoreBusy } from "@carnet/server/store/store-busy";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { testCounts } from "@carnet/testkit/test-counts";

async function setUp(timeout: number) {
  const folder = await temporaryFolder();
  const file = folder.file("carnet.db");
  const [holder, db] = [await openSqlite(file), await openSqlite(file, timeout)];
  const letGo = Promise.withResolvers<void>();
  const holds = Promise.withResolvers<void>();
  const held = holder.transaction().execute(async () => {
    holds.resolve();
    await letGo.promise;
  });
  await holds.promise;
  return {
    db,
    async release() {
      letGo.resolve();
      await held;
    },
    async [Symbol.asyncDispose]() {
      letGo.resolve();
      await held;
      await holder.destroy();
      await db.destroy();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const scope = { name: "a:first", description: "" };

suite("a store whose write lock another connection holds", () => {
  test("lets a transaction wait, and serves every kind of read meanwhile", async () => {
    await using store = await setUp(60_000);
    let done = false;
    const writing = store.db
      .transaction()
      .execute((transaction) => transaction.insertInto("scopes").values(scope).execute())
      .then(() => {
        done = true;
      });
    const descriptions = store.db.selectFrom("scopes").select("description").where("name", "=", scope.name);
    assert.deepEqual(await descriptions.execute(), []);
    assert.deepEqual((await store.db.executeQuery(descriptions.compile())).rows, []);
    assert.equal(done, false);
    await store.release();
    await writing;
    assert.equal((await descriptions.execute()).length, 1);
  });

  test("refuses a transaction after the timeout, and a single statement at once", async () => {
    await using store = await setUp(20);
    const insertInto = (db: Pick<typeof store.db, "insertInto">) => db.insertInto("scopes").values(scope).execute();
    await assert.rejects(store.db.transaction().execute(insertInto), StoreBusy);
    await assert.rejects(insertInto(store.db), StoreBusy);
    await store.release();
    await insertInto(store.db);
  });
});

test("a background task that finds the store busy runs again, and is reported once", async () => {
  const lines: string[] = [];
  const write = (event: string) => void lines.push(event);
  const log: Log = { debug: write, info: write, warn: write, fault: write };
  const ranOften = Promise.withResolvers<void>();
  let runs = 0;
  const run = async (): Promise<void> => {
    if (++runs === 10) ranOften.resolve();
    throw new StoreBusy("the store is busy");
  };
  const counts = testCounts();
  const stop = startBackground([{ name: "uses", every: 1, run }], { log, counts });
  const alive = setInterval(() => {}, 1000); // the tasks alone do not keep the process
  await ranOften.promise;
  clearInterval(alive);
  await stop();
  assert.deepEqual(lines, ["store_busy"]);
  assert.deepEqual(counts.taskFailures.samples("task"), [{ value: runs, labels: { task: "uses" } }]);
});
