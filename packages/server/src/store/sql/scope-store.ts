import type { ScopeStore } from "@carnet/core/scope/scope-catalogue";
import type { Kysely } from "kysely";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import type { Tables } from "./schema.ts";

/** The scope catalogue in an SQL database. */
export const createSqlScopeStore = (db: Kysely<Tables>, ports: EventPorts): ScopeStore => ({
  list: () => db.selectFrom("scopes").selectAll().orderBy("name").execute(),
  async existing(names) {
    if (names.length === 0) return [];
    const rows = await db
      .selectFrom("scopes")
      .select("name")
      .where("name", "in", names)
      .union(db.selectFrom("client_scopes").select("name").where("name", "in", names))
      .execute();
    return rows.map(({ name }) => name);
  },
  put: ({ name, description }, before, { event }) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const [current] = await transaction.selectFrom("scopes").selectAll().where("name", "=", name).execute();
      if (current?.description !== before?.description) return "changed";
      await transaction
        .insertInto("scopes")
        .values({ name, description })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ description }))
        .execute();
      await insertEvent(transaction, event, ports);
      return "put";
    }),
  delete: ({ name, description }, { event }) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const used = await transaction
        .selectFrom("client_scopes")
        .select("client_id")
        .where("name", "=", name)
        .limit(1)
        .execute();
      if (used.length > 0) return "used";
      const deleted = await transaction
        .deleteFrom("scopes")
        .where("name", "=", name)
        .where("description", "=", description)
        .executeTakeFirst();
      if (deleted.numDeletedRows !== 1n) return "changed";
      await insertEvent(transaction, event, ports);
      return "deleted";
    }),
});
