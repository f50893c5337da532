import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import type { Tables } from "@carnet/server/store/sql/schema";
import type { ChangeFeed } from "@carnet/server/store/sql/sql-dialect";
import { openChangeFeed } from "@carnet/server/store/sqlite/change-feed";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient, secretOf } from "@carnet/testkit/sample-clients";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { type Kysely, sql } from "kysely";

async function setUp() {
  const folder = await temporaryFolder();
  const file = folder.file("carnet.db");
  const [writer, reader] = [await openSqlite(file), await openSqlite(file)];
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const store = createSqlClientStore(writer, { clock, dialect: sqliteDialect });
  const heard: string[] = [];
  const listen = (db: Kysely<Tables>): Promise<ChangeFeed> =>
    openChangeFeed(db, { changed: (clientId) => heard.push(clientId), missed: () => heard.push("MISSED") });
  return {
    ...{ writer, reader, store, listen },
    /** What was heard since the last time. */
    heard: () => heard.splice(0),
    async [Symbol.asyncDispose]() {
      await writer.destroy();
      await reader.destroy();
      await folder[Symbol.asyncDispose]();
    },
  };
}

suite("The feed of changes", () => {
  test("tells another process of each insert, change and deletion, once and in order", async () => {
    await using world = await setUp();
    const { store, listen, heard, reader } = world;
    const feed = await listen(reader);
    const [a, b] = [plainClient("a"), plainClient("b")];
    await store.insert([a, b]);
    await store.replace({ ...a, version: 2 });
    await store.delete(b);
    await feed.poll();
    assert.deepEqual(heard(), ["a", "b", "a", "b"]);
    await feed.poll();
    assert.deepEqual(heard(), []);
    await store.delete({ ...a, version: 2 });
    await feed.poll();
    assert.deepEqual(heard(), ["a"]);
  });

  test("says nothing of what was before, of what was taken back, nor of a use", async () => {
    await using world = await setUp();
    const { store, listen, heard, reader } = world;
    const secret = secretOf("a");
    const a = { ...plainClient("a"), secrets: [secret] };
    await store.insert([a]);
    const feed = await listen(reader);
    assert.equal((await store.insert([plainClient("c"), a])).kind, "taken");
    assert.equal(await store.replace({ ...a, version: 7 }), "changed");
    assert.equal(await store.delete({ ...a, version: 7 }), "changed");
    await store.recordUses(new Map([[secret.secretId, { at: 1, from: "192.0.2.1" }]]));
    await feed.poll();
    assert.deepEqual(heard(), []);
    await store.delete(a);
    await feed.poll();
    assert.deepEqual(heard(), ["a"], "what was taken back left no gap");
  });

  test("of more than is read at a time tells everything, in order", async () => {
    await using world = await setUp();
    const { writer, listen, heard, reader } = world;
    const feed = await listen(reader);
    await insertChanges(writer, 20_001);
    await feed.poll();
    const all = heard();
    assert.equal(all.length, 20_001);
    assert.deepEqual([all[0], all[10_000], all.at(-1)], ["1", "10001", "20001"]);
  });

  test("keeps a hundred thousand changes for who is behind, and tells who is further behind that some were missed", async () => {
    await using world = await setUp();
    const { writer, listen, heard, reader } = world;
    const [behind, far] = [await listen(reader), await listen(reader)];
    await insertChanges(writer, 100_000);
    await behind.trim();
    await behind.poll();
    assert.ok(heard().length === 100_000, "nothing was trimmed that is needed");
    await insertChanges(writer, 1);
    await behind.trim();
    await behind.poll();
    assert.deepEqual(heard(), ["100001"]);
    await far.poll();
    assert.deepEqual(heard().slice(0, 2), ["MISSED", "2"]);
    await far.poll();
    assert.deepEqual(heard(), []);
  });
});

/** As many changes, whose clients are named by their numbers. */
async function insertChanges(db: Kysely<Tables>, count: number): Promise<void> {
  await sql`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into changes (client_id) select coalesce((select max(number) from changes), 0) + n from numbers`.execute(db);
}
