import type { ColumnDataType, CreateTableBuilder } from "kysely";

/** What databases call differently. */
export interface ColumnTypes {
  readonly instant: ColumnDataType;
  readonly bytes: ColumnDataType;
  /** Keeps the rows of a table in the order of its primary key, where the database can. */
  clustered(table: CreateTableBuilder<never>): CreateTableBuilder<never>;
  /** Adds a primary key that the database counts up, never reusing a number. */
  addSequence(table: CreateTableBuilder<string>, name: string): CreateTableBuilder<string>;
}
