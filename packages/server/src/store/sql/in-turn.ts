import type { Kysely, Transaction } from "kysely";
import { StoreBusy } from "../store-busy.ts";
import type { Tables } from "./schema.ts";
import type { Domain, SqlDialect } from "./sql-dialect.ts";

export interface Writer {
  readonly db: Kysely<Tables>;
  readonly dialect: Pick<SqlDialect, "takeTurn">;
}

/**
 * Runs a transaction alone among the writers of its domain. So each statement sees everything that the earlier ones have
 * committed, and the numbers that the database draws become visible in their order.
 */
export const inTurn = <Value>(
  { db, dialect }: Writer,
  domain: Domain,
  work: (transaction: Transaction<Tables>) => Promise<Value>,
): Promise<Value> => {
  const transact = (): Promise<Value> =>
    db.transaction().execute(async (transaction) => {
      await dialect.takeTurn(transaction, domain);
      return work(transaction);
    });
  return afterEarlier(db, domain, transact);
};

/** The last writer of each domain. */
const lastWriters = new WeakMap<Kysely<Tables>, Map<Domain, Promise<unknown>>>();

/**
 * How long a writer may wait for the earlier ones of its process, in milliseconds. Without a bound, each one behind a lock
 * would wait for the timeouts of all before it.
 */
const longestWait = 5000;

/** The writers of one process wait here, so that they leave the database's connections to those who read. */
function afterEarlier<Value>(db: Kysely<Tables>, domain: Domain, transact: () => Promise<Value>): Promise<Value> {
  const writers = lastWriters.get(db) ?? new Map<Domain, Promise<unknown>>();
  lastWriters.set(db, writers);
  const patience = AbortSignal.timeout(longestWait);
  const outcome = (writers.get(domain) ?? Promise.resolve()).then(() => {
    if (!patience.aborted) return transact();
    throw new StoreBusy("Earlier writes took too long: try again. If that lasts, find out why the database is slow.");
  });
  writers.set(
    domain,
    outcome.catch(() => {}),
  ); // the caller handles the error
  return outcome;
}
