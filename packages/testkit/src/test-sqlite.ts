import type { Clock } from "@carnet/core/ports";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import type { StoreUnderTest } from "./store-under-test.ts";
import { databases, openTestStore, storePorts } from "./test-database.ts";

/** What the SQL stores need besides a database. */
export const sqlitePorts = (clock: Clock) => storePorts(sqliteDialect, clock);

/** A new SQLite file with two connections to it, as the service opens it. Dispose of it to remove the file. */
export async function openTestSqlite(): Promise<StoreUnderTest> {
  const [sqlite] = databases;
  if (sqlite === undefined) throw new Error("SQLite is not listed");
  return openTestStore(sqlite.open);
}
