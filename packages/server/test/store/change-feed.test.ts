import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import type { Tables } from "@carnet/server/store/sql/schema";
import type { ChangeFeed } from "@carnet/server/store/sql/sql-dialect";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient, secretOf } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { databases, storePorts, type TestDatabase } from "@carnet/testkit/test-database";
import { type Kysely, sql } from "kysely";

async function setUp(open: () => Promise<TestDatabase>) {
  const database = await open();
  const { db: writer, other: reader, dialect } = database;
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const store = createSqlClientStore(writer, storePorts(dialect, clock));
  const received: string[] = [];
  const listen = (db: Kysely<Tables>): Promise<ChangeFeed> =>
    dialect.openChangeFeed(db, {
      changed: (clientId) => received.push(clientId),
      missed: () => received.push("MISSED"),
    });
  return {
    ...{ writer, reader, store, listen },
    /** The changes received since the last call. */
    received: () => received.splice(0),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

for (const { name, open } of databases)
  suite(`The change feed of ${name}`, () => {
    test("sends each insert, change and deletion to another process, once and in order", async () => {
      await using world = await setUp(open);
      const { store, listen, received, reader } = world;
      const feed = await listen(reader);
      const [a, b] = [plainClient("a"), plainClient("b")];
      await store.insert([a, b], withEvent());
      await store.replace({ ...a, version: 2 }, withEvent());
      await store.delete(b, withEvent());
      await feed.poll();
      assert.deepEqual(received(), ["a", "b", "a", "b"]);
      await feed.poll();
      assert.deepEqual(received(), []);
      await store.delete({ ...a, version: 2 }, withEvent());
      await feed.poll();
      assert.deepEqual(received(), ["a"]);
    });

    test("sends no earlier changes, no rolled-back changes and no uses", async () => {
      await using world = await setUp(open);
      const { store, listen, received, reader } = world;
      const secret = secretOf("a");
      const a = { ...plainClient("a"), secrets: [secret] };
      await store.insert([a], withEvent());
      const feed = await listen(reader);
      assert.equal((await store.insert([plainClient("c"), a], withEvent())).kind, "taken");
      assert.equal(await store.replace({ ...a, version: 7 }, withEvent()), "changed");
      assert.equal(await store.delete({ ...a, version: 7 }, withEvent()), "changed");
      await store.recordUses(new Map([[secret.secretId, { at: 1, from: "192.0.2.1" }]]));
      await feed.poll();
      assert.deepEqual(received(), []);
      await store.delete(a, withEvent());
      await feed.poll();
      assert.deepEqual(received(), ["a"], "a rollback leaves no gap that counts");
    });

    test("sends more changes than one read returns, in order", async () => {
      await using world = await setUp(open);
      const { writer, listen, received, reader } = world;
      const feed = await listen(reader);
      await insertChanges(writer, 20_001);
      await feed.poll();
      const all = received();
      assert.equal(all.length, 20_001);
      assert.deepEqual([all[0], all[10_000], all.at(-1)], ["1", "10001", "20001"]);
    });

    test("keeps a hundred thousand changes, and tells a reader that is further behind that it missed some", async () => {
      await using world = await setUp(open);
      const { writer, listen, received, reader } = world;
      const [behind, far] = [await listen(reader), await listen(reader)];
      await insertChanges(writer, 100_000);
      await behind.trim();
      await behind.poll();
      assert.ok(received().length === 100_000, "no change that is still needed was trimmed");
      await insertChanges(writer, 1);
      await behind.trim();
      await behind.poll();
      assert.deepEqual(received(), ["100001"]);
      await far.poll();
      assert.deepEqual(received().slice(0, 2), ["MISSED", "2"]);
      await far.poll();
      assert.deepEqual(received(), []);
    });
  });

/** Inserts changes of clients whose ids are their numbers. */
async function insertChanges(db: Kysely<Tables>, count: number): Promise<void> {
  await sql`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into changes (client_id) select cast(coalesce((select max(number) from changes), 0) + n as text) from numbers`.execute(
    db,
  );
}
