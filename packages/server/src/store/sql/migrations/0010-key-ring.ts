import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** When each signing key signs, and when it stops. The keys of earlier versions sign since they were made. */
export const keyRing = (columns: ColumnTypes) => ({
  // Earlier versions sign with the newest key at once, which verifiers may not know
  worksWith: "0010-key-ring",
  async up(db: Kysely<unknown>): Promise<void> {
    const { instant } = rawTypes(columns);
    const statements = [
      sql`alter table signing_keys add column active_from ${instant}`,
      sql`alter table signing_keys add column retired_at ${instant}`,
      sql`alter table signing_keys add column revoked_at ${instant}`,
      sql`update signing_keys set active_from = created_at`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
});
