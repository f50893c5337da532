import type { Configuration } from "../configuration/load-configuration.ts";
import { storeName } from "../configuration/setting-values.ts";
import { refuseMissingStore } from "./open-store.ts";
import { migrate, type SchemaState, type SchemaTarget, schemaState } from "./sql/migrate.ts";
import { openSqlite } from "./sqlite/open-sqlite.ts";

/** What `carnet migrate` did, or would do. */
export interface StoreMigration {
  /** The path or URL of the database. */
  readonly database: string;
  /** The steps that were applied just now. */
  readonly applied: readonly string[];
  /** The steps that are still to be applied. */
  readonly pending: readonly string[];
}

/**
 * Brings the schema of the store up to date, or only looks what is to be done. Needs no master key. Throws an
 * OperatorFault if there is no store, if it cannot be opened, or if a newer version made it and excludes this one.
 */
export async function migrateStore(
  configuration: Configuration,
  { check }: { readonly check: boolean },
): Promise<StoreMigration> {
  refuseMissingStore(configuration.store);
  const { pending } = await onSchema(configuration, check ? schemaState : migrate);
  const database = storeName(configuration.store);
  return check ? { database, applied: [], pending } : { database, applied: pending, pending: [] };
}

async function onSchema(
  { store, storeTimeout: timeout, storePasswordFile: passwordFile }: Configuration,
  work: (target: SchemaTarget) => Promise<SchemaState>,
): Promise<SchemaState> {
  if (store.kind === "postgres") {
    const { withSchemaTarget } = await import("./postgres/open-postgres.ts"); // the driver is slow to load
    return withSchemaTarget(store, { timeout, connections: 1, passwordFile }, work);
  }
  const state: SchemaState[] = [];
  const db = await openSqlite(store.path, timeout, async (target) => void state.push(await work(target)));
  await db.destroy();
  return state[0] ?? { applied: [], pending: [] };
}
