import type { Clock } from "@carnet/core/ports";
import { keyMaker } from "@carnet/server/crypto/key-maker";
import { openPostgres } from "@carnet/server/store/postgres/open-postgres";
import { type PostgresAddress, parsePostgresUrl } from "@carnet/server/store/postgres/postgres-address";
import { postgresDialect } from "@carnet/server/store/postgres/postgres-dialect";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlIdempotencyStore } from "@carnet/server/store/sql/idempotency-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { createSqlRevocationStore } from "@carnet/server/store/sql/revocation-store";
import type { Tables } from "@carnet/server/store/sql/schema";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import type { SqlDialect } from "@carnet/server/store/sql/sql-dialect";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import type { Kysely } from "kysely";
import { countingIds } from "./counting-ids.ts";
import { FixedClock } from "./fixed-clock.ts";
import { type PostgresServer, sharedPostgres } from "./postgres-server.ts";
import type { StoreUnderTest } from "./store-under-test.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { testDataKeys } from "./test-data-keys.ts";

/** A new database, as two processes have it open. */
export interface TestDatabase extends AsyncDisposable {
  readonly db: Kysely<Tables>;
  readonly other: Kysely<Tables>;
  readonly dialect: SqlDialect;
  /** As in CARNET_STORE. */
  readonly url: string;
}

/** The databases that every test of the shared queries runs on. `timeout` is how long writers wait for each other. */
export const databases: readonly { readonly name: string; open(timeout?: number): Promise<TestDatabase> }[] = [
  { name: "SQLite", open: openTwoSqlite },
  { name: "PostgreSQL", open: openTwoPostgres },
];

export async function openTwoSqlite(timeout = 5000): Promise<TestDatabase> {
  const folder = await temporaryFolder();
  const file = folder.file("carnet.db");
  const [db, other] = [await openSqlite(file, timeout), await openSqlite(file, timeout)];
  return {
    ...{ db, other, dialect: sqliteDialect, url: `sqlite:${file}` },
    async [Symbol.asyncDispose]() {
      for (const connection of [db, other]) await connection.destroy();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function openTwoPostgres(timeout = 5000): Promise<TestDatabase> {
  const url = await migratedDatabase(await sharedPostgres());
  const address = addressOf(url);
  const options = { ...postgresOptions, timeout };
  const [db, other] = [await openPostgres(address, options), await openPostgres(address, options)];
  return {
    ...{ db, other, dialect: postgresDialect, url },
    async [Symbol.asyncDispose]() {
      for (const pool of [db, other]) await pool.destroy();
    },
  };
}

/** Opens a database that exists. `url` is as in CARNET_STORE. */
export async function openByUrl(url: string): Promise<Pick<TestDatabase, "db" | "dialect">> {
  if (url.startsWith("sqlite:")) return { db: await openSqlite(url.slice("sqlite:".length)), dialect: sqliteDialect };
  return { db: await openPostgres(addressOf(url), postgresOptions), dialect: postgresDialect };
}

const postgresOptions = { timeout: 5000, connections: 10, passwordFile: undefined };

const templates = new WeakMap<PostgresServer, Promise<string>>();

/** The URL of a new database with all tables: a copy of one that was migrated, because that takes half the time. */
export async function migratedDatabase(server: PostgresServer): Promise<string> {
  const template = templates.get(server) ?? makeTemplate(server);
  templates.set(server, template);
  const name = new URL(await template).pathname.slice(1);
  return server.createDatabase(name);
}

async function makeTemplate(server: PostgresServer): Promise<string> {
  const url = await server.createDatabase();
  const db = await openPostgres(addressOf(url), postgresOptions);
  await db.destroy();
  return url;
}

/** The address in a URL that is known to be right. */
export function addressOf(url: string): PostgresAddress {
  const address = parsePostgresUrl(url);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}

/** What the SQL stores need besides a database. */
export const storePorts = (dialect: SqlDialect, clock: Clock) => ({
  clock,
  dialect,
  node: "test",
  eventIds: countingIds(),
  keyMaker,
  algorithm: "ES256" as const,
});

/** The stores on a new database, with two connections to it, as the service opens it. */
export async function openTestStore(open: () => Promise<TestDatabase>): Promise<StoreUnderTest> {
  const database = await open();
  const { db, other: second, dialect } = database;
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const ports = storePorts(dialect, clock);
  for (const connection of [db, second]) await openSealedKeys(connection, testDataKeys(connection), ports);
  const store = createSqlClientStore(db, ports);
  const other = createSqlClientStore(second, ports);
  return {
    store,
    other,
    answers: createSqlIdempotencyStore(db, ports),
    events: createSqlEventStore(second, ports),
    scopes: createSqlScopeStore(db, ports),
    owners: createSqlOwnerStore(db, ports),
    revocations: createSqlRevocationStore(second, ports),
    clock,
    contenders: [store, other],
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
