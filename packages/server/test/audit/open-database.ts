import type { Client } from "@carnet/core/client/client";
import type { ClientStore } from "@carnet/core/client/client-store";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { databases, type TestDatabase as Opened, openTwoSqlite } from "@carnet/testkit/test-database";

export { databases };

export interface TestDatabase extends Opened {
  readonly clock: FixedClock;
  readonly clients: ClientStore;
  register(id: string, changes?: Partial<Client>): Promise<void>;
}

export type Open = (typeof databases)[number]["open"];

/** A new database with two connections to it, which wait so many milliseconds for each other. Default: SQLite. */
export async function openDatabase(open: Open = openTwoSqlite, timeout = 5000): Promise<TestDatabase> {
  const opened = await open(timeout);
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const clients = createSqlClientStore(opened.db, { clock, dialect: opened.dialect, node: "node-1" });
  return {
    ...opened,
    clock,
    clients,
    async register(id, changes = {}) {
      await clients.insert([{ ...plainClient(id), ...changes }], withEvent());
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
