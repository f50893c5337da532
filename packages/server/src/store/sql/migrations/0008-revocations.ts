import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** What makes tokens invalid before they expire. There is no row for a token that is valid. */
export const revocations = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { instant, sequence, text } = rawTypes(columns);
    const statements = [
      sql`create table revocations (
        number ${sequence}, kind ${text} not null, subject ${text} not null, issued_until ${instant},
        client_id ${text}, owner ${text}, revoked_at ${instant} not null, ends_at ${instant} not null)`,
      sql`create unique index revocations_subject on revocations (subject, kind)`,
      sql`create index revocations_client on revocations (client_id, kind) where client_id is not null`,
      sql`create index revocations_owner on revocations (owner, ends_at) where owner is not null`,
      sql`create index revocations_end on revocations (ends_at)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
});
