import type { ColumnDataType, CreateTableBuilder } from "kysely";

/** What databases call differently. */
export interface ColumnTypes {
  readonly instant: ColumnDataType;
  readonly bytes: ColumnDataType;
  /** Adds a primary key that the database counts up, never reusing a number. */
  addSequence(table: CreateTableBuilder<string>, name: string): CreateTableBuilder<string>;
}
