import assert from "node:assert/strict";
import type { ClientQuery } from "@carnet/core/client/client-store";
import type { RevocationQuery } from "@carnet/core/revocation/revocation-store";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlRevocationStore } from "@carnet/server/store/sql/revocation-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { queryOf } from "@carnet/testkit/all-clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { CompiledQuery, SqliteQueryCompiler } from "kysely";

/** An empty SQLite store that tells how it would search for clients. */
export async function openPlannedSearch() {
  const folder = await temporaryFolder();
  const db = await openSqlite(folder.file("carnet.db"));
  const queries: CompiledQuery[] = [];
  const watched = db.withPlugin({
    transformQuery({ node, queryId }) {
      queries.push(new SqliteQueryCompiler().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const ports = sqlitePorts(new FixedClock("2026-11-26T12:00:00Z"));
  const store = createSqlClientStore(watched, ports);
  const revocations = createSqlRevocationStore(watched, ports);
  const planOf = async (named: string): Promise<readonly string[]> => {
    const search = queries.findLast(({ sql }) => sql.includes(named)) ?? assert.fail();
    const plan = CompiledQuery.raw(`explain query plan ${search.sql}`, [...search.parameters]);
    const { rows } = await db.executeQuery<{ detail: string }>(plan);
    return rows.map(({ detail }) => detail);
  };
  return {
    /** The steps of SQLite's plan for a search. */
    async planOf(query: Partial<ClientQuery>): Promise<readonly string[]> {
      await store.search(queryOf(query));
      return planOf("sort_value");
    },
    /** The same for a list of revocations. */
    async planOfRevocations(query: Partial<RevocationQuery>): Promise<readonly string[]> {
      await revocations.list({ now: 0, owners: null, clientId: null, after: 0, limit: 10, ...query });
      return planOf("revocations");
    },
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await folder[Symbol.asyncDispose]();
    },
  };
}
