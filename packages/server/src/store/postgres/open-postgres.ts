import { Kysely, PostgresAdapter, PostgresDialect, sql } from "kysely";
import { OperatorFault } from "../../fault.ts";
import { queueWriters } from "../sql/in-turn.ts";
import { migrate, type SchemaTarget } from "../sql/migrate.ts";
import type { Tables } from "../sql/schema.ts";
import { retryWhileBusy } from "../store-busy.ts";
import { readPassword } from "./connection-settings.ts";
import { nameOf, type PostgresAddress } from "./postgres-address.ts";
import { postgresDialect } from "./postgres-dialect.ts";
import { PostgresPool } from "./postgres-pool.ts";

export { postgresDialect };

export interface PostgresOptions {
  /** How long a transaction waits for the locks of others, in milliseconds. */
  readonly timeout: number;
  /** The most connections of this process. */
  readonly connections: number;
  readonly passwordFile: string | undefined;
}

/** How long a start waits for another process that migrates the database, in milliseconds. */
const migrationWait = 60_000;

/** Opens the database and migrates it to the newest schema. Throws an OperatorFault if that is not possible. */
export async function openPostgres(address: PostgresAddress, options: PostgresOptions): Promise<Kysely<Tables>> {
  await withSchemaTarget(address, options, (target) => retryWhileBusy(() => migrate(target), migrationWait));
  return connectPostgres(address, options);
}

/** Opens the database without a look at its schema. */
export function connectPostgres(
  address: PostgresAddress,
  { timeout, connections, passwordFile }: PostgresOptions,
): Kysely<Tables> {
  const limits = { lock: Math.max(timeout, 1), statement: timeout + 1000, answer: timeout + 2000 };
  const db = kyselyOn(new PostgresPool(address, { limits, connections, passwordFile }));
  queueWriters(db, timeout);
  return db;
}

/** Runs work on the schema. A change of a large table may take any time, but must not wait for locks for long. */
export async function withSchemaTarget<Value>(
  address: PostgresAddress,
  { timeout, passwordFile }: PostgresOptions,
  work: (target: SchemaTarget) => Promise<Value>,
): Promise<Value> {
  readPassword(address, passwordFile); // a file that cannot be read must stop the start
  const limits = { lock: Math.max(timeout, 1), statement: 0, answer: 0 };
  const db = kyselyOn(new PostgresPool(address, { limits, connections: 1, passwordFile }));
  try {
    await refuseOtherEncoding(db, nameOf(address));
    return await work({ db, dialect: postgresDialect, name: nameOf(address) });
  } finally {
    await db.destroy();
  }
}

const kyselyOn = (pool: PostgresPool): Kysely<Tables> =>
  new Kysely<Tables>({
    dialect: Object.assign(new PostgresDialect({ pool }), { createAdapter: () => new TurnTakingAdapter() }),
  });

/** `migrate` takes a turn instead, within its transaction: a lock of the session does not work behind PgBouncer. */
class TurnTakingAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

async function refuseOtherEncoding(db: Kysely<Tables>, name: string): Promise<void> {
  const { rows } = await sql<{ encoding: string }>`select current_setting('server_encoding') as encoding`.execute(db);
  if (rows[0]?.encoding === "UTF8") return;
  throw new OperatorFault(
    `The database ${name} has the encoding ${rows[0]?.encoding}, which cannot store every name: create it with \`createdb --encoding=UTF8 --template=template0\`.`,
  );
}
