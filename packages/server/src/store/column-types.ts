import type { ColumnDataType } from "kysely";

/** How a database calls the columns that databases call differently. */
export interface ColumnTypes {
  readonly instant: ColumnDataType;
  readonly bytes: ColumnDataType;
}
