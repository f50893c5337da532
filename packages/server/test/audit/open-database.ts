import type { Client } from "@carnet/core/client/client";
import type { ClientStore } from "@carnet/core/client/client-store";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import type { Tables } from "@carnet/server/store/sql/schema";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import type { Kysely } from "kysely";

export interface TestDatabase extends AsyncDisposable {
  readonly db: Kysely<Tables>;
  /** A second connection, as another process has it. */
  readonly other: Kysely<Tables>;
  readonly clock: FixedClock;
  readonly clients: ClientStore;
  register(id: string, changes?: Partial<Client>): Promise<void>;
}

/** A new SQLite file with two connections to it, which wait so many milliseconds for each other. */
export async function openDatabase(busyTimeout = 5000): Promise<TestDatabase> {
  const folder = await temporaryFolder();
  const db = await openSqlite(folder.file("carnet.db"), busyTimeout);
  const other = await openSqlite(folder.file("carnet.db"), busyTimeout);
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const clients = createSqlClientStore(db, { clock, dialect: sqliteDialect, node: "node-1" });
  return {
    db,
    other,
    clock,
    clients,
    async register(id, changes = {}) {
      await clients.insert([{ ...plainClient(id), ...changes }], withEvent());
    },
    async [Symbol.asyncDispose]() {
      for (const connection of [db, other]) await connection.destroy();
      await folder[Symbol.asyncDispose]();
    },
  };
}
