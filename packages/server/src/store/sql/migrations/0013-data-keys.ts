import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** The keys that encrypt values, each encrypted by every master key that opens the store. */
export const dataKeys = (columns: ColumnTypes) => ({
  // Earlier versions cannot open values that a data key encrypts
  worksWith: "0013-data-keys",
  async up(db: Kysely<unknown>): Promise<void> {
    const { bytes, instant, integer, text } = rawTypes(columns);
    await sql`create table data_keys (
      data_key_id ${text} not null, master_key_id ${text} not null, wrapped ${bytes} not null,
      outgoing ${integer} not null, created_at ${instant} not null, retires_at ${instant},
      primary key (data_key_id, master_key_id))`.execute(db);
  },
});
