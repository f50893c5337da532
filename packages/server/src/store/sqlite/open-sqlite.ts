import { accessSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { quoted } from "@carnet/protocol/shell-word";
import type { Kysely } from "kysely";
import { createAtomically } from "../../configuration/atomic-file.ts";
import { codeOf, OperatorFault } from "../../fault.ts";
import { migrate, type SchemaTarget } from "../sql/migrate.ts";
import type { Tables } from "../sql/schema.ts";
import { wrapDatabase } from "./node-sqlite-database.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { sqliteFault } from "./sqlite-fault.ts";
import { SqliteKysely } from "./sqlite-kysely.ts";

/** Marks the file as ours in its header: the letters "Crnt". */
const applicationId = 0x43726e74;

/**
 * Opens the database file, creates it if it is missing, and migrates it to the newest schema, unless the caller does
 * something else with the schema. `timeout` is how long the start and each later transaction wait for the lock of
 * another process, in milliseconds. Throws an OperatorFault if the file cannot be opened, and then leaves it unchanged.
 */
export async function openSqlite(
  file: string,
  timeout = 5000,
  prepare: (target: SchemaTarget) => Promise<unknown> = migrate,
): Promise<Kysely<Tables>> {
  let database: DatabaseSync | undefined;
  const path = resolve(file); // SQLite does not treat names such as `:memory:` and `file:x?mode=memory` as files
  try {
    createOrCheck(path, file);
    const opened = new DatabaseSync(path, { timeout, enableForeignKeyConstraints: true });
    database = opened;
    refuseForeign(database, file);
    // Design: what is acknowledged survives power loss, so the log is synced with each commit
    database.exec("pragma journal_mode = wal; pragma synchronous = full");
    database.exec("pragma secure_delete = on"); // deleted rows can contain secrets, although encrypted
    // 16 MiB, room for about thirty thousand clients. Beyond that, pages come from the system's cache
    database.exec("pragma cache_size = -16384");
    const connection = wrapDatabase(database, file);
    const db = new SqliteKysely<Tables>({ database: connection, timeout, inTransaction: () => opened.isTransaction });
    await prepare({ db, dialect: sqliteDialect, name: file });
    eraseEarlierRemains(database);
    // SQLite would block the event loop while it waits for a lock. From here on, transactions wait on a timer
    database.exec("pragma busy_timeout = 0");
    return db;
  } catch (error) {
    database?.close();
    throw sqliteFault(error, file) ?? fileFault(error, file) ?? error;
  }
}

/** Creates a database without tables. It has a header, so an empty file always means that a registry was lost. */
function initialize(draft: string): void {
  closeSync(openSync(draft, "wx", 0o600)); // SQLite gives its other files the same mode
  using database = new DatabaseSync(draft);
  database.exec(`pragma journal_mode = off; pragma application_id = ${applicationId}; pragma user_version = 1`);
}

/**
 * Rebuilds a file that an earlier version made, which did not overwrite what it deleted: parts of secrets are still in its
 * unused bytes, and a migration does not reach those. The user version marks files without such bytes.
 */
function eraseEarlierRemains(database: DatabaseSync): void {
  if (database.prepare("pragma user_version").get()?.["user_version"] !== 0) return;
  database.exec("vacuum; pragma user_version = 1; pragma wal_checkpoint(truncate)");
}

/** Creates the database, unless one was lost: SQLite would replay the log of the lost one into the new file. */
function createOrCheck(path: string, file: string): void {
  // Checked first, because another process may be creating both files
  const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (!existsSync(path) && !hasLog) createAtomically(path, initialize);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.isFile() && stat.size === 0)) {
    const leftovers = ["", "-wal", "-shm"].map((suffix) => quoted(file + suffix)).join(" ");
    throw new OperatorFault(
      `The database ${file} is ${stat === undefined ? "missing, but its log is there" : "empty"}, so a registry was lost: restore it from a backup, or run \`rm -f ${leftovers}\` to start with a new one.`,
    );
  }
  accessSync(path, constants.R_OK | constants.W_OK); // SQLite would open a read-only file, and fail on the first write
}

// Counts the tables as well, because SQLite tells damage from another program's file only when it reads them
const readId = "select application_id as id, (select count(*) from sqlite_schema) from pragma_application_id";

function refuseForeign(database: DatabaseSync, file: string): void {
  if (database.prepare(readId).get()?.["id"] === applicationId) return;
  throw new OperatorFault(
    `The database ${file} belongs to another program: set CARNET_STORE to another file. It was not changed.`,
  );
}

function fileFault(error: unknown, file: string): OperatorFault | undefined {
  if (!(error instanceof Error) || !("syscall" in error)) return undefined;
  const sentence =
    error.syscall === "access"
      ? `The database ${file} cannot be read and written${codeOf(error)}: let this user do so`
      : `The database ${file} cannot be created${codeOf(error)}: let this user write in the folder ${dirname(file)}`;
  return new OperatorFault(`${sentence}, or set CARNET_STORE to another file.`, { cause: error });
}
