import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { sqliteFault } from "./sqlite-fault.ts";

/**
 * Shows `node:sqlite` as the few methods that Kysely calls. Statements are kept prepared, since the service runs the
 * same few over and over; a transaction takes the write lock when it begins, since all of ours write.
 */
export function wrapDatabase(database: DatabaseSync, file: string): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement = wrapStatement(
        named(file, () => database.prepare(sql === "begin" ? "begin immediate" : sql)),
        file,
      );
      if (sql === "rollback") return unlessUndone(statement, database);
      if (prepared.size < 256) prepared.set(sql, statement);
      return statement;
    },
  };
}

const wrapStatement = (statement: StatementSync, file: string): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => named(file, () => statement.all(...inputs(parameters))),
  run: (parameters) => named(file, () => statement.run(...inputs(parameters))),
  iterate: (parameters) => statement.iterate(...inputs(parameters)),
});

/** Where the disk fails, SQLite undoes the transaction itself; to undo it again would fail, and hide the first reason. */
const unlessUndone = (rollback: SqliteStatement, database: DatabaseSync): SqliteStatement => ({
  ...rollback,
  run: (none) => (database.isTransaction ? rollback.run(none) : { changes: 0, lastInsertRowid: 0 }),
});

/** Turns what an operator can mend into the sentence that says so. */
function named<Value>(file: string, act: () => Value): Value {
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
  throw new TypeError(`SQLite cannot keep a ${typeof value}`);
}
