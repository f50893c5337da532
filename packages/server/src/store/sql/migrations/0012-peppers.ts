import { firstPepper } from "@carnet/core/pepper/pepper";
import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** Several peppers, and which of them the digest of each secret was made under. Until now there was one. */
export const peppers = (columns: ColumnTypes) => ({
  // Earlier versions do not find secrets that have moved to another pepper
  worksWith: "0012-peppers",
  async up(db: Kysely<unknown>): Promise<void> {
    const { text, instant, bytes, clustered } = rawTypes(columns);
    const first = sql.lit(firstPepper);
    const statements = [
      sql`create table peppers (
        pepper_id ${text} primary key not null,
        sealed ${bytes},
        created_at ${instant} not null,
        used_from ${instant} not null,
        ends_at ${instant}
      ) ${clustered}`,
      // It was made with the first signing key
      sql`insert into peppers (pepper_id, sealed, created_at, used_from)
        select ${first}, sealed, made.at, made.at
        from sealed_values, (select coalesce(min(created_at), 0) as at from signing_keys) as made
        where name = 'pepper'`,
      sql`delete from sealed_values where name = 'pepper'`,
      sql`alter table client_secrets add column pepper ${text} not null default ${first}`,
      sql`create index client_secrets_by_pepper on client_secrets (pepper, secret_id)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
});
