import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** One row that says which older versions may use this schema. Each later migration updates it. */
export const compatibility = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { text } = rawTypes(columns);
    await sql`create table schema_compatibility (works_with ${text} not null)`.execute(db);
    await sql`insert into schema_compatibility (works_with) values ('0009-compatibility')`.execute(db);
  },
});
