import type { ClientStandings } from "@carnet/core/audit/event-visibility";
import type { ClientId } from "@carnet/protocol/ids";
import type { Kysely } from "kysely";
import type { Tables } from "./schema.ts";

/** How many clients one query looks up: fewer than any database's limit of parameters. */
const perQuery = 1000;

/** Reads what decides whether clients exist for a caller, without their secrets. */
export const createSqlClientStandings = (db: Kysely<Tables>): ClientStandings => ({
  async find(clientIds) {
    const found: { client_id: string; owner: string; role: string | null; created_at: number }[] = [];
    for (let start = 0; start < clientIds.length; start += perQuery) {
      const ids = clientIds.slice(start, start + perQuery) as ClientId[]; // any text that no client has is no match
      const some = db.selectFrom("clients").select(["client_id", "owner", "role", "created_at"]);
      found.push(...(await some.where("client_id", "in", ids).execute()));
    }
    return new Map(
      found.map(({ client_id, owner, role, created_at: createdAt }) => [
        client_id,
        { owner, isAdmin: role !== null, createdAt },
      ]),
    );
  },
  async list(owners, limit) {
    if (owners.length === 0) return [];
    const rows = await db
      .selectFrom("clients")
      .select("client_id")
      .where("owner", "in", owners)
      .where("role", "is", null)
      .limit(limit + 1)
      .execute();
    return rows.length > limit ? undefined : rows.map((row) => row.client_id);
  },
  async owners(names) {
    if (names.length === 0) return new Map();
    const rows = await db.selectFrom("owners").select(["name", "created_at"]).where("name", "in", names).execute();
    return new Map(rows.map((row) => [row.name, row.created_at]));
  },
});
