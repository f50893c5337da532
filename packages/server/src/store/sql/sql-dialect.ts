import type { ClientId } from "@carnet/protocol/ids";
import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql, type Transaction } from "kysely";
import type { Tables } from "./schema.ts";

/**
 * What a writer changes. Writers of one domain wait for each other, those of different domains do not. `changes` are all
 * writes that draw a number of a feed (`changes`, `revocations`, `audit_events`) or check something before they write.
 */
export type Domain = "changes" | "usage" | "refusals" | "webhook" | "schema";

/**
 * What the shared queries need to know of a database. Each database has its own folder, which also opens it, maps its
 * faults and waits for its locks.
 */
export interface SqlDialect {
  readonly columns: ColumnTypes;
  /** The maximum number of values in one statement. */
  readonly maxValues: number;
  /** The rows of a JSON array of `[secret id, time, address]`, as `secret_id`, `used_at` and `used_from`. */
  usesFromJson(json: string): RawBuilder<{ secret_id: string; used_at: number; used_from: string }>;
  /** The rows of a JSON array of `[secret id, pepper, next pepper, digest in hex]`. */
  movesFromJson(
    json: string,
  ): RawBuilder<{ secret_id: string; from_pepper: string; to_pepper: string; digest: Uint8Array }>;
  /** A subquery with the texts of a JSON array, so that the statement is the same for any number of them. */
  texts(json: string): RawBuilder<string>;
  /** Whether a column contains a text. The case of A to Z is ignored, that of other letters matters. */
  contains(column: "client_id" | "client_name" | "username", text: string): Expression<SqlBool>;
  /** Removes the bytes of deleted rows from the database's files, unless another process is reading them right now. */
  eraseDeleted(db: Kysely<Tables>): Promise<void>;
  /** Makes a transaction wait until it is the only writer of its domain. Call it before anything is read. */
  takeTurn(transaction: Transaction<Tables>, domain: Domain): Promise<void>;
  openChangeFeed(db: Kysely<Tables>, listener: ChangeListener): Promise<ChangeFeed>;
}

/** The database's own types, for the statements of migrations. */
export interface ColumnTypes {
  /** Sorts and compares by code point. */
  readonly text: string;
  /** Holds every safe integer. */
  readonly integer: string;
  readonly instant: string;
  readonly bytes: string;
  /** A primary key that the database increments and never reuses. */
  readonly sequence: string;
  /** Ends a table whose rows are stored in the order of the primary key, if the database can. */
  readonly clustered: string;
}

/** The types as parts of a statement. */
export const rawTypes = (columns: ColumnTypes) => ({
  text: sql.raw(columns.text),
  integer: sql.raw(columns.integer),
  instant: sql.raw(columns.instant),
  bytes: sql.raw(columns.bytes),
  sequence: sql.raw(columns.sequence),
  clustered: sql.raw(columns.clustered),
});

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
