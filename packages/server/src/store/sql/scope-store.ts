import type { ScopeStore } from "@carnet/core/scope/scope-catalogue";
import type { Kysely } from "kysely";
import type { Tables } from "./schema.ts";

/** The scope catalogue in an SQL database. */
export const createSqlScopeStore = (db: Kysely<Tables>): ScopeStore => ({
  list: () => db.selectFrom("scopes").selectAll().orderBy("name").execute(),
  put: ({ name, description }) =>
    // In a transaction, because only a transaction waits for another process's lock
    db.transaction().execute(async (transaction) => {
      await transaction
        .insertInto("scopes")
        .values({ name, description })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ description }))
        .execute();
    }),
  delete: (name) =>
    db.transaction().execute(async (transaction) => {
      const used = await transaction
        .selectFrom("client_scopes")
        .select("client_id")
        .where("name", "=", name)
        .limit(1)
        .execute();
      if (used.length > 0) return "used";
      const deleted = await transaction.deleteFrom("scopes").where("name", "=", name).executeTakeFirst();
      return deleted.numDeletedRows === 1n ? "deleted" : "missing";
    }),
});
