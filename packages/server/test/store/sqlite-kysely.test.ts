import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

test("a compiled query waits for the running transaction, and sees all of it", async () => {
  await using folder = await temporaryFolder();
  const db = await openSqlite(folder.file("carnet.db"));
  const names = db.selectFrom("scopes").select("name").where("description", "=", "new").orderBy("name").compile();
  const read = async () => (await db.executeQuery(names)).rows.map(({ name }) => name);
  const half = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const writing = db.transaction().execute(async (transaction) => {
    await transaction.insertInto("scopes").values({ name: "a:first", description: "new" }).execute();
    half.resolve();
    await goOn.promise;
    await transaction.insertInto("scopes").values({ name: "b:second", description: "new" }).execute();
  });
  assert.deepEqual(await read(), []);
  await half.promise;
  let seen: readonly string[] | undefined;
  const reading = read().then((found) => {
    seen = found;
  });
  await endOfTurn();
  assert.equal(seen, undefined, "a half-written transaction is not visible");
  goOn.resolve();
  await Promise.all([writing, reading]);
  assert.deepEqual(seen, ["a:first", "b:second"]);
  await db.destroy();
});

test("a rolled-back transaction is never visible", async () => {
  await using folder = await temporaryFolder();
  const db = await openSqlite(folder.file("carnet.db"));
  const names = db.selectFrom("scopes").select("name").where("description", "=", "new").compile();
  const writing = db.transaction().execute(async (transaction) => {
    await transaction.insertInto("scopes").values({ name: "a:first", description: "new" }).execute();
    reading = db.executeQuery(names);
    throw new Error("taken back");
  });
  let reading = db.executeQuery(names);
  await assert.rejects(writing, /taken back/);
  assert.deepEqual((await reading).rows, []);
  await db.destroy();
});
