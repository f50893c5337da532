import { existsSync } from "node:fs";
import type { EventIds } from "@carnet/core/audit/recorder";
import { day } from "@carnet/core/audit/usage";
import type { Clock } from "@carnet/core/ports";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { ScopeClaims } from "@carnet/core/scope/scope-claims";
import type { Kysely } from "kysely";
import type { Configuration } from "../configuration/load-configuration.ts";
import { obtainMasterKey } from "../configuration/master-key.ts";
import { refuseExposedFiles } from "../configuration/trusted-file.ts";
import { keyMaker } from "../crypto/key-maker.ts";
import { createMasterKey } from "../crypto/sealer.ts";
import { PepperRing } from "../crypto/secret-hasher.ts";
import { OperatorFault } from "../fault.ts";
import { limitLookups } from "./limit-lookups.ts";
import { createSqlClientStandings } from "./sql/client-standings.ts";
import { createSqlClientStore } from "./sql/client-store.ts";
import { DataKeys } from "./sql/data-keys.ts";
import { createSqlEventStore } from "./sql/event-store.ts";
import { createSqlIdempotencyStore } from "./sql/idempotency-store.ts";
import { createSqlOwnerStore } from "./sql/owner-store.ts";
import { createSqlPepperStore } from "./sql/peppers.ts";
import { createSqlRefusalStore } from "./sql/refusal-store.ts";
import { createSqlRevocationStore } from "./sql/revocation-store.ts";
import type { Tables } from "./sql/schema.ts";
import { createSqlScopeStore } from "./sql/scope-store.ts";
import { isSealed, openSealedKeys } from "./sql/sealed-keys.ts";
import { createSqlSigningKeyStore } from "./sql/signing-key-store.ts";
import type { SqlDialect } from "./sql/sql-dialect.ts";
import { createSqlUsageStore } from "./sql/usage-store.ts";
import { openSqlite } from "./sqlite/open-sqlite.ts";
import { sqliteDialect } from "./sqlite/sqlite-dialect.ts";
import { watchStore } from "./watch-store.ts";

/** Opens the database of a store that exists. Needs no master key. Throws an OperatorFault if there is none. */
export async function openExistingDatabase(configuration: Configuration): Promise<Kysely<Tables>> {
  refuseMissingStore(configuration.store);
  return (await openDatabase(configuration)).db;
}

/** How many look-ups of secrets may use or wait for each connection: half of what the pool lets wait. */
const lookupsPerConnection = 5;

interface OpenDatabase {
  readonly db: Kysely<Tables>;
  readonly dialect: SqlDialect;
  /** The most look-ups of secrets at a time. */
  readonly maxLookups: number;
}

/** Opens and migrates the database that is configured. The only place that chooses one. */
async function openDatabase(configuration: Configuration): Promise<OpenDatabase> {
  const {
    store,
    storeTimeout: timeout,
    storeConnections: connections,
    storePasswordFile: passwordFile,
  } = configuration;
  if (store.kind === "sqlite")
    return { db: await openSqlite(store.path, timeout), dialect: sqliteDialect, maxLookups: Infinity };
  const { openPostgres, postgresDialect } = await import("./postgres/open-postgres.ts"); // the driver is slow to load
  const db = await openPostgres(store, { timeout, connections, passwordFile });
  return { db, dialect: postgresDialect, maxLookups: connections * lookupsPerConnection };
}

/** For commands that work on a store without a service, and must not create one. Throws an OperatorFault. */
export function refuseMissingStore(store: Configuration["store"]): void {
  if (store.kind === "postgres" || existsSync(store.path)) return;
  throw new OperatorFault(
    `There is no store at ${store.path}: run this in the service's folder, or name its data folder with --data-dir or its store with --store.`,
  );
}

export type Storage = Awaited<ReturnType<typeof openStore>>;

/** Opens the database and everything that is stored in it. Throws an OperatorFault if it cannot be opened. */
export async function openStore(configuration: Configuration, clock: Clock, eventIds: EventIds) {
  refuseExposedFiles(configuration);
  const { db, dialect, maxLookups } = await openDatabase(configuration);
  const events = { node: configuration.node, dialect };
  try {
    const masterKey = createMasterKey(await obtainMasterKey(configuration, await isSealed(db)));
    const dataKeys = new DataKeys(db, masterKey);
    const sealed = { clock, eventIds, keyMaker, algorithm: configuration.signingAlgorithm, ...events };
    const scopeStore = createSqlScopeStore(db, events);
    const { created } = await openSealedKeys(db, dataKeys, sealed);
    const peppers = createSqlPepperStore(db, { sealer: dataKeys, ...events });
    const hasher = new PepperRing(peppers, clock);
    await hasher.refresh();
    return {
      db,
      dialect,
      dataKeys,
      peppers,
      hasher,
      signingKeys: createSqlSigningKeyStore(db, { sealer: dataKeys, ...events }),
      /** The event of a signing key that this call made. The store has it, the journal does not have it yet. */
      keyCreated: created,
      events: createSqlEventStore(db, events),
      standings: createSqlClientStandings(db),
      store: limitLookups(watchStore(createSqlClientStore(db, { clock, ...events })), maxLookups),
      scopes: new ScopeCatalogue(scopeStore, configuration.scopeCatalogue === "open"),
      scopeClaims: new ScopeClaims(scopeStore),
      owners: createSqlOwnerStore(db, events),
      revocations: createSqlRevocationStore(db, events),
      answers: createSqlIdempotencyStore(db, { clock, dialect }),
      refusals: createSqlRefusalStore(db, {
        bounds: { maxRows: configuration.refusalsMaxRows, maxAge: configuration.refusalsMaxAge * day },
        dialect,
      }),
      usage: createSqlUsageStore(db, { dialect }),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
