import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, Migrator, SqliteAdapter, SqliteDialect } from "kysely";
import { OperatorFault } from "../../fault.ts";
import type { ColumnTypes } from "../column-types.ts";
import { migrations } from "../migrations.ts";
import type { Tables } from "../schema.ts";
import { wrapDatabase } from "./node-sqlite-database.ts";
import { sqliteFault } from "./sqlite-fault.ts";

/** Marks the file as ours in its header: the letters "Crnt". */
const applicationId = 0x43726e74;

const columnTypes: ColumnTypes = { instant: "integer", bytes: "blob" };

/**
 * Opens the database file, made if need be, at the newest schema. Throws an OperatorFault for whatever keeps it from
 * opening, and then has changed nothing.
 */
export async function openSqlite(file: string): Promise<Kysely<Tables>> {
  let database: DatabaseSync | undefined;
  try {
    const isNew = !existsSync(file);
    if (isNew) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      closeSync(openSync(file, "a", 0o600)); // SQLite gives its other files the same mode
    }
    database = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
    claim(database, file);
    // Design: what is acknowledged survives power loss, so the log is synced with each commit
    database.exec("pragma journal_mode = wal; pragma synchronous = full");
    const db = new Kysely<Tables>({
      dialect: new TransactionalSqliteDialect({ database: wrapDatabase(database, file) }),
    });
    await migrate(db, file);
    return db;
  } catch (error) {
    database?.close();
    throw sqliteFault(error, file) ?? folderFault(error, file) ?? error;
  }
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

function claim(database: DatabaseSync, file: string): void {
  const found = database.prepare("pragma application_id").get()?.["application_id"];
  if (found === applicationId) return;
  const tables = database.prepare("select count(*) as number from sqlite_schema").get()?.["number"];
  if (found !== 0 || tables !== 0) {
    throw new OperatorFault(
      `The database ${file} belongs to another program: set CARNET_STORE to another file. It was left as it is.`,
    );
  }
  database.exec(`pragma application_id = ${applicationId}`);
}

async function migrate(db: Kysely<Tables>, file: string): Promise<void> {
  const known = migrations(columnTypes);
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

function folderFault(error: unknown, file: string): OperatorFault | undefined {
  if (!(error instanceof Error) || !("syscall" in error)) return undefined;
  const code = "code" in error ? ` (${error.code})` : "";
  return new OperatorFault(
    `The folder ${dirname(file)} for the database cannot be made${code}: make it and let this user write there, or set CARNET_STORE to another file.`,
    { cause: error },
  );
}
