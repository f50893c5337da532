import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** Static claims, as JSON objects. null: none. */
export const claims = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { text, clustered: end } = rawTypes(columns);
    const statements = [
      sql`alter table clients add column claims ${text}`,
      sql`alter table scopes add column claims ${text}`,
      // Finds out whether any client has a claim of this name
      sql`create table client_claims (
        name ${text} not null, client_id ${text} not null references clients (client_id) on delete cascade,
        primary key (name, client_id)) ${end}`,
      sql`create index client_claims_of_client on client_claims (client_id)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
});
