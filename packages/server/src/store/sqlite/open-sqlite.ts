import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Kysely, Migrator, SqliteAdapter, SqliteDialect } from "kysely";
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
 * Opens the database file, made if need be, at the newest schema. Waits so many milliseconds where another process
 * holds it. Throws an OperatorFault for whatever keeps it from opening, and then has changed nothing.
 */
export async function openSqlite(file: string, timeout = 5000): Promise<Kysely<Tables>> {
  let database: DatabaseSync | undefined;
  const path = resolve(file); // to SQLite, names such as `:memory:` and `file:x?mode=memory` alone are no files
  try {
    makeWritable(path);
    database = new DatabaseSync(path, { timeout, enableForeignKeyConstraints: true });
    claim(database, file);
    // Design: what is acknowledged survives power loss, so the log is synced with each commit
    database.exec("pragma journal_mode = wal; pragma synchronous = full");
    // 16 MiB, room for some thirty thousand clients: which pages must be fetched would tell who was here before. In a
    // bigger registry nearly all readings fetch pages anyway, and that takes no longer from the system's own memory
    database.exec("pragma cache_size = -16384");
    const db = connect(database, file);
    await migrate(db, file);
    return db;
  } catch (error) {
    database?.close();
    throw sqliteFault(error, file) ?? fileFault(error, file) ?? error;
  }
}

function connect(database: DatabaseSync, file: string): Kysely<Tables> {
  const wrapped = wrapDatabase(database, file);
  const dialect = new TransactionalSqliteDialect({ database: wrapped });
  return new SqliteKysely({ dialect, database: wrapped, inTransaction: () => database.isTransaction });
}

/** Makes the file if there is none. SQLite would open one that may not be written, and fail at the first client. */
function makeWritable(path: string): void {
  if (existsSync(path)) {
    accessSync(path, constants.R_OK | constants.W_OK);
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600)); // SQLite gives its other files the same mode
}

/** SQLite can undo a change of the schema, so each migration is a transaction: one that is cut short leaves nothing. */
class TransactionalSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true;
      }
    })();
  }
}

const claims =
  "select application_id as found, (select count(*) from sqlite_schema) as tables from pragma_application_id";

function claim(database: DatabaseSync, file: string): void {
  // In one statement, so that a process which claims the file at this moment is seen whole or not at all
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
