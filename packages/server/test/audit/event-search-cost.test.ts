import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventQuery } from "@carnet/core/audit/event-store";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { eventQuery } from "@carnet/testkit/sample-events";
import { sql } from "kysely";
import { openDatabase } from "./open-database.ts";

/** The shortest of several runs, because other processes only add time. */
async function shortest(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 7; turn++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return Math.min(...times);
}

test("a search does not read all refusals, because token requests wait for it", async () => {
  await using opened = await openDatabase();
  const { db } = opened;
  await sql`insert into refusals (id, at, event, request_id, client_id, proven, actor, reason, json)
    with recursive made(n) as (select 1 union all select n + 1 from made where n < 100000)
    select 'id-' || n, n, 'token_refused', 'request-' || n, 'app-' || (n % 200), 0, 'unknown', 'secret_revoked',
      '{"time":"","actor":{"type":"unknown"},"more":"' || hex(zeroblob(100)) || '"}' from made`.execute(db);
  const store = createSqlEventStore(db, { node: "node-1", dialect: sqliteDialect });
  const all = await shortest(() => sql`select count(*) from refusals where json like '%nothing%'`.execute(db));
  for (const [conditions, count] of [
    [{ actor: "nobody" }, 0],
    [{ actor: "cli" }, 0],
    [{ kinds: ["key_created", "refusals_burst"] }, 0],
    [{ kinds: ["admin_refused"] }, 0],
    [{ kinds: ["admin_refused", "token_refused"], limit: 10 }, 10],
    [{ clientId: "app-1", actor: "unknown", limit: 600 }, 500],
    [{ clientId: "app-1", kinds: ["token_refused"], limit: 600 }, 500],
    [{ requestId: "request-7", actor: "unknown" }, 1],
    [{ requestId: "request-7", kinds: ["token_refused"] }, 1],
  ] satisfies [Partial<EventQuery>, number][]) {
    const found = await store.search(eventQuery(conditions));
    assert.equal(found.length, count, JSON.stringify(conditions));
    const taken = await shortest(() => store.search(eventQuery(conditions)));
    assert.ok(taken < all / 3, `${JSON.stringify(conditions)}: ${taken} ms, and reading all takes ${all} ms`);
  }
});
