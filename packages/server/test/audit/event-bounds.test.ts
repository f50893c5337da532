import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { eventWith } from "@carnet/testkit/sample-events";
import { sql } from "kysely";
import { databases, openDatabase, type TestDatabase } from "./open-database.ts";

/** Inserts events of one kind at the instants 1 to `count`, numbered in steps. */
async function fill({ db }: TestDatabase, kind: string, { count, step }: { count: number; step: number }) {
  const { newest } = await db
    .selectFrom("audit_events")
    .select(({ fn }) => fn.coalesce(fn.max<number>("number"), sql<number>`0`).as("newest"))
    .executeTakeFirstOrThrow();
  await sql`insert into audit_events (number, id, at, event, actor, json)
    with recursive made(n) as (select 1 union all select n + 1 from made where n < ${count})
    select cast(${newest} as bigint) + n * cast(${step} as bigint), cast(${kind} as text) || n, n, ${kind}, 'service', '{}' from made`.execute(
    db,
  );
}

const countOf = async ({ db }: TestDatabase, kind: string) => {
  const events = db.selectFrom("audit_events").where("event", "=", kind);
  const found = events.select(({ fn }) => [fn.countAll<number>().as("count"), fn.min<number>("at").as("oldest")]);
  return { ...(await found.executeTakeFirst()) };
};

for (const { name, open } of databases)
  suite(`the bounds of the events in the store on ${name}`, () => {
    test("bursts of refusals, which strangers cause, push out no change", async () => {
      await using opened = await openDatabase(open);
      const store = createSqlEventStore(opened.db, { node: "node-1", dialect: opened.dialect });
      await store.append(eventWith({ at: 1, event: "client_changed" }));
      await fill(opened, "refusals_burst", { count: 10_250, step: 60 }); // as if most had been deleted before
      assert.equal(await store.trim(0), 250);
      assert.deepEqual(await countOf(opened, "refusals_burst"), { count: 10_000, oldest: 251 });
      assert.equal((await countOf(opened, "client_changed")).count, 1);
    });

    test("revocations of tokens, which clients cause, push out no change", async () => {
      await using opened = await openDatabase(open);
      const store = createSqlEventStore(opened.db, { node: "node-1", dialect: opened.dialect });
      await store.append(eventWith({ at: 1, event: "client_changed" }));
      await fill(opened, "tokens_revoked", { count: 100_250, step: 5 }); // as if most had been deleted before
      assert.equal(await store.trim(0), 250);
      assert.deepEqual(await countOf(opened, "tokens_revoked"), { count: 100_000, oldest: 251 });
      assert.equal((await countOf(opened, "client_changed")).count, 1);
    });

    test("the oldest changes go beyond half a million, and bursts do not count", async () => {
      await using opened = await openDatabase(open, 60_000); // half a million rows in one statement
      const store = createSqlEventStore(opened.db, { node: "node-1", dialect: opened.dialect });
      await fill(opened, "client_changed", { count: 500_300, step: 1 });
      await fill(opened, "refusals_burst", { count: 1000, step: 1 });
      assert.equal(await store.trim(0), 300);
      assert.deepEqual(await countOf(opened, "client_changed"), { count: 500_000, oldest: 301 });
      assert.equal((await countOf(opened, "refusals_burst")).count, 1000);
    });
  });
