import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { sqliteFault } from "./sqlite-fault.ts";

/**
 * Adapts `node:sqlite` to the methods that Kysely calls. Caches prepared statements, because the service runs the same
 * few again and again. Every transaction writes, so it takes the write lock when it begins.
 */
export function wrapDatabase(database: DatabaseSync, file: string): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement = wrapStatement(
        withFaults(file, () => database.prepare(sql === "begin" ? "begin immediate" : sql)),
        file,
      );
      if (sql === "rollback") return unlessRolledBack(statement, database);
      if (prepared.size < 256) prepared.set(sql, statement);
      return statement;
    },
  };
}

const wrapStatement = (statement: StatementSync, file: string): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => withFaults(file, () => statement.all(...inputs(parameters))),
  run: (parameters) => withFaults(file, () => statement.run(...inputs(parameters))),
  iterate: (parameters) => statement.iterate(...inputs(parameters)),
});

/** When the disk fails, SQLite rolls back on its own. A second rollback would fail and hide the cause. */
const unlessRolledBack = (rollback: SqliteStatement, database: DatabaseSync): SqliteStatement => ({
  ...rollback,
  run: (none) => (database.isTransaction ? rollback.run(none) : { changes: 0, lastInsertRowid: 0 }),
});

/** Replaces an SQLite error that an operator can fix by a fault that says how. */
function withFaults<Value>(file: string, act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    throw sqliteFault(error, file) ?? error;
  }
}

const inputs = (parameters: readonly unknown[]): SQLInputValue[] => parameters.map(input);

function input(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite cannot store a ${typeof value}`);
}
