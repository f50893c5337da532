import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientQuery, clientSortKeys } from "@carnet/core/client/client-store";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { queryOf } from "@carnet/testkit/all-clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { CompiledQuery, SqliteQueryCompiler } from "kysely";

const clientId = clientIdOf("payments-admin");

const searches: readonly Partial<ClientQuery>[] = [
  ...clientSortKeys.flatMap((key) => [{ sort: { key, descending: false } }, { sort: { key, descending: true } }]),
  { after: { value: "app", clientId: clientIdOf("app") } },
  { sort: { key: "client_name", descending: false }, after: { value: "App", clientId: clientIdOf("app") } },
  { visible: { owners: ["payments", "search"], clientId } },
  { visible: { owners: [], clientId } },
  { visible: { owners: ["payments"], clientId: null } },
  { owner: "payments" },
  { role: "any" },
  { status: "active" },
  { scope: "file:read" },
  { labels: { team: "t7", stage: "test" } },
  { text: "app" },
  { endingBefore: Date.UTC(2027, 0) },
  { unusedSince: Date.UTC(2026, 0) },
  { owner: "payments", scope: "file:read", labels: { team: "t7" }, endingBefore: Date.UTC(2027, 0) },
];

/** A step that reads the rows of some owners, of one client or of one secret. */
const bounded = /^SEARCH \w+ USING (?:COVERING )?(?:INDEX \w+|PRIMARY KEY) \(.*\b(?:owner|client_id|secret_id)=\?/;

test("a search by a team reads its clients alone, with each sort order and filter", async () => {
  await using folder = await temporaryFolder();
  const db = await openSqlite(folder.file("carnet.db"));
  const queries: CompiledQuery[] = [];
  const watched = db.withPlugin({
    transformQuery({ node, queryId }) {
      queries.push(new SqliteQueryCompiler().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const store = createSqlClientStore(watched, sqlitePorts(new FixedClock("2026-11-26T12:00:00Z")));
  const unbounded: unknown[] = [];
  for (const search of searches) {
    await store.search(queryOf({ visible: { owners: ["payments"], clientId }, ...search }));
    const query = queries.findLast(({ sql }) => sql.includes("sort_value")) ?? assert.fail();
    const plan = CompiledQuery.raw(`explain query plan ${query.sql}`, [...query.parameters]);
    const { rows } = await db.executeQuery<{ detail: string }>(plan);
    const reads = rows.map(({ detail }) => detail).filter((detail) => /^(?:SCAN|SEARCH)/.test(detail));
    assert.notEqual(reads.length, 0);
    unbounded.push(...reads.filter((detail) => !bounded.test(detail)).map((read) => ({ search, read })));
  }
  assert.deepEqual(unbounded, []);
  await db.destroy();
});
