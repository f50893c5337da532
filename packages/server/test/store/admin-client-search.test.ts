import assert from "node:assert/strict";
import { test } from "node:test";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { queryOf } from "@carnet/testkit/all-clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { CompiledQuery, SqliteQueryCompiler } from "kysely";

test("a search for admin clients does not read the other clients", async () => {
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
  for (const role of ["any", "auditor"] as const) {
    await store.search(queryOf({ role }));
    const search = queries.findLast(({ sql }) => sql.includes("sort_value")) ?? assert.fail();
    const plan = CompiledQuery.raw(`explain query plan ${search.sql}`, [...search.parameters]);
    const { rows } = await db.executeQuery<{ detail: string }>(plan);
    assert.match(rows.map(({ detail }) => detail).join("\n"), /SEARCH clients USING INDEX clients_role/, role);
  }
  await db.destroy();
});
