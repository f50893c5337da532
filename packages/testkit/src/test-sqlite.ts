import type { Clock } from "@carnet/core/ports";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import type { StoreUnderTest } from "./store-under-test.ts";
import { openTestStore, openTwoSqlite, storePorts } from "./test-database.ts";

/** What the SQL stores need besides a database. */
export const sqlitePorts = (clock: Clock) => storePorts(sqliteDialect, clock);

/** A new SQLite file with two connections to it, as the service opens it. Dispose of it to remove the file. */
export const openTestSqlite = (): Promise<StoreUnderTest> => openTestStore(openTwoSqlite);
