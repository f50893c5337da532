import { createSecretKey } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@carnet/core/ports";
import { createSealer } from "@carnet/server/crypto/sealer";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlIdempotencyStore } from "@carnet/server/store/sql/idempotency-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { createSqlRevocationStore } from "@carnet/server/store/sql/revocation-store";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { countingIds } from "./counting-ids.ts";
import { FixedClock } from "./fixed-clock.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What the SQL stores need besides a database. */
export const sqlitePorts = (clock: Clock) => ({
  clock,
  dialect: sqliteDialect,
  node: "test",
  eventIds: countingIds(),
});

/** A new SQLite file with two connections to it, as the service opens it. Dispose of it to remove the file. */
export async function openTestSqlite(): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), "carnet-test-"));
  const file = join(folder, "carnet.db");
  const sealer = createSealer(createSecretKey(Buffer.alloc(32, 1)));
  const connections = [await openSqlite(file), await openSqlite(file)] as const;
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const ports = sqlitePorts(clock);
  for (const db of connections) await openSealedKeys(db, sealer, ports);
  const store = createSqlClientStore(connections[0], ports);
  const other = createSqlClientStore(connections[1], ports);
  return {
    store,
    other,
    answers: createSqlIdempotencyStore(connections[0], ports),
    events: createSqlEventStore(connections[1], ports),
    scopes: createSqlScopeStore(connections[0], ports),
    owners: createSqlOwnerStore(connections[0], ports),
    revocations: createSqlRevocationStore(connections[1], ports),
    clock,
    contenders: [store, other],
    async [Symbol.asyncDispose]() {
      for (const db of connections) await db.destroy();
      await rm(folder, { recursive: true });
    },
  };
}
