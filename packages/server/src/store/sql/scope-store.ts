import { outgrowsOthers, type ScopeStore } from "@carnet/core/scope/scope-catalogue";
import { foldClaimName, hasClaims, type StaticClaims } from "@carnet/protocol/static-claims";
import type { Kysely } from "kysely";
import { parseClaims, toClaims } from "./client-rows.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import type { Tables } from "./schema.ts";

/** The scope catalogue in an SQL database. */
export const createSqlScopeStore = (db: Kysely<Tables>, ports: EventPorts): ScopeStore => ({
  async list() {
    const rows = await db.selectFrom("scopes").selectAll().orderBy("name").execute();
    return rows.map((row) => ({ ...row, claims: parseClaims(row.claims) }));
  },
  claims: () => readScopeClaims(db),
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
  put: (scope, before, { event }) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const { name, description, claims } = scope;
      const [current] = await transaction.selectFrom("scopes").selectAll().where("name", "=", name).execute();
      const isSame =
        current?.description === before?.description &&
        current?.claims === (before ? toClaims(before.claims) : undefined);
      if (!isSame || outgrowsOthers(scope, before, await readScopeClaims(transaction))) return "changed";
      const added = Object.keys(claims).filter((claim) => !Object.hasOwn(before?.claims ?? {}, claim));
      if (await isClaimOfClient(transaction, added)) return "claims_used";
      const row = { description, claims: toClaims(claims) };
      await transaction
        .insertInto("scopes")
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
      await insertEvent(transaction, event, ports);
      return "put";
    }),
  delete: ({ name, description, claims }, { event }) =>
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
        .where("claims", hasClaims(claims) ? "=" : "is", toClaims(claims))
        .executeTakeFirst();
      if (deleted.numDeletedRows !== 1n) return "changed";
      await insertEvent(transaction, event, ports);
      return "deleted";
    }),
});

/** The claims of the scopes that have any. */
export async function readScopeClaims(db: Kysely<Tables>): Promise<ReadonlyMap<string, StaticClaims>> {
  const rows = await db.selectFrom("scopes").select(["name", "claims"]).where("claims", "is not", null).execute();
  return new Map(rows.map(({ name, claims }) => [name, parseClaims(claims)]));
}

async function isClaimOfClient(db: Kysely<Tables>, names: readonly string[]): Promise<boolean> {
  if (names.length === 0) return false;
  const found = await db
    .selectFrom("client_claims")
    .select("name")
    .where("name", "in", names.map(foldClaimName))
    .limit(1)
    .execute();
  return found.length > 0;
}
