import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Kysely, Migrator } from "kysely";
import { OperatorFault } from "../../fault.ts";
import { migrations } from "../sql/migrations.ts";
import type { Tables } from "../sql/schema.ts";
import { wrapDatabase } from "./node-sqlite-database.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { sqliteFault } from "./sqlite-fault.ts";
import { SqliteKysely } from "./sqlite-kysely.ts";

/** Marks the file as ours in its header: the letters "Crnt". */
const applicationId = 0x43726e74;

/**
 * Opens the database file, creates it if it is missing, and migrates it to the newest schema. `timeout` is how long the
 * start and each later transaction wait for the lock of another process, in milliseconds. Throws an OperatorFault if the
 * file cannot be opened, and then has changed nothing.
 */
export async function openSqlite(file: string, timeout = 5000): Promise<Kysely<Tables>> {
  let database: DatabaseSync | undefined;
  const path = resolve(file); // SQLite reads names such as `:memory:` and `file:x?mode=memory` as no files
  try {
    makeWritable(path);
    const opened = new DatabaseSync(path, { timeout, enableForeignKeyConstraints: true });
    database = opened;
    claim(database, file);
    // Design: what is acknowledged survives power loss, so the log is synced with each commit
    database.exec("pragma journal_mode = wal; pragma synchronous = full");
    // 16 MiB, room for some thirty thousand clients. Beyond that, pages come from the cache of the system
    database.exec("pragma cache_size = -16384");
    const connection = wrapDatabase(database, file);
    const db = new SqliteKysely<Tables>({ database: connection, timeout, inTransaction: () => opened.isTransaction });
    await migrate(db, file);
    // SQLite would wait for a lock on the event loop. From here on, transactions wait in a timer instead
    database.exec("pragma busy_timeout = 0");
    return db;
  } catch (error) {
    database?.close();
    throw sqliteFault(error, file) ?? fileFault(error, file) ?? error;
  }
}

/** Creates a missing file. SQLite would open a read-only file too, and fail at the first write. */
function makeWritable(path: string): void {
  if (existsSync(path)) {
    accessSync(path, constants.R_OK | constants.W_OK);
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600)); // SQLite gives its other files the same mode
}

const claims =
  "select application_id as found, (select count(*) from sqlite_schema) as tables from pragma_application_id";

function claim(database: DatabaseSync, file: string): void {
  // One statement, so that another process that claims the file now is seen completely or not at all
  const { found, tables } = database.prepare(claims).get() ?? {};
  if (found === applicationId) return;
  if (found !== 0 || tables !== 0) {
    throw new OperatorFault(
      `The database ${file} belongs to another program: set CARNET_STORE to another file. It was left as it is.`,
    );
  }
  database.exec(`pragma application_id = ${applicationId}`);
}

async function migrate(db: Kysely<Tables>, file: string): Promise<void> {
  const known = migrations(sqliteDialect.columns);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => known } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof Error && error.message.startsWith("corrupted migrations")) {
    throw new OperatorFault(
      `The database ${file} was made by a newer version of Carnet: start that version, or set CARNET_STORE to another file.`,
    );
  }
  throw error;
}

function fileFault(error: unknown, file: string): OperatorFault | undefined {
  if (!(error instanceof Error) || !("syscall" in error)) return undefined;
  const code = "code" in error ? ` (${error.code})` : "";
  const sentence =
    error.syscall === "access"
      ? `The database ${file} cannot be read and written${code}: let this user do so`
      : `The database ${file} cannot be made${code}: let this user write in the folder ${dirname(file)}`;
  return new OperatorFault(`${sentence}, or set CARNET_STORE to another file.`, { cause: error });
}
