import type { ClientId } from "@carnet/protocol/ids";
import type { Expression, Kysely, RawBuilder, SqlBool } from "kysely";
import type { Tables } from "./schema.ts";

/**
 * What the shared queries need to know of a database. A new database is a folder beside `sqlite`, which also opens it,
 * maps its faults and waits for its locks. Its transactions must be serializable: the queries check before they write.
 */
export interface SqlDialect {
  readonly columns: ColumnTypes;
  /** The maximum number of values in one statement. */
  readonly maxValues: number;
  /** The rows of a JSON array of `[secret id, time, address]`, as `secret_id`, `used_at` and `used_from`. */
  usesFromJson(json: string): RawBuilder<{ secret_id: string; used_at: number; used_from: string }>;
  /** A subquery with the texts of a JSON array, so that the statement is the same for any number of them. */
  texts(json: string): RawBuilder<string>;
  /** Whether a column contains a text. The case of A to Z is ignored, that of other letters matters. */
  contains(column: "client_id" | "client_name" | "username", text: string): Expression<SqlBool>;
  /** Removes the bytes of deleted rows from the database's files, unless another process is reading them right now. */
  eraseDeleted(db: Kysely<Tables>): Promise<void>;
  openChangeFeed(db: Kysely<Tables>, listener: ChangeListener): Promise<ChangeFeed>;
}

/** The database's own types, for the statements of migrations. */
export interface ColumnTypes {
  readonly instant: string;
  readonly bytes: string;
  /** A primary key that the database increments and never reuses. */
  readonly sequence: string;
  /** Ends a table whose rows are stored in the order of the primary key, if the database can. */
  readonly clustered: string;
}

/** Reports clients that any process has changed. */
export interface ChangeFeed {
  /** Reports changes since the last call. */
  poll(): Promise<void>;
  /** Deletes changes that every process has seen long ago. */
  trim(): Promise<void>;
}

export interface ChangeListener {
  changed(clientId: ClientId): void;
  /** Changes were missed, so any client may have changed. */
  missed(): void;
}
