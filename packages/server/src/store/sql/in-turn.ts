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

interface Queue {
  /** How long a writer waits for the earlier ones, in milliseconds. */
  readonly patience: number;
  readonly last: Map<Domain, Promise<unknown>>;
}

const queues = new WeakMap<Kysely<Tables>, Queue>();

/**
 * Has the writers of this process wait in memory, so that they leave the database's connections to those who read. Each
 * waits so many milliseconds at most: behind a lock, it would otherwise wait for the timeouts of all before it.
 */
export function queueWriters(db: Kysely<Tables>, patience: number): void {
  queues.set(db, { patience, last: new Map() });
}

function afterEarlier<Value>(db: Kysely<Tables>, domain: Domain, transact: () => Promise<Value>): Promise<Value> {
  const queue = queues.get(db);
  if (queue === undefined) return transact();
  const patience = AbortSignal.timeout(queue.patience);
  const outcome = (queue.last.get(domain) ?? Promise.resolve()).then(() => {
    if (!patience.aborted) return transact();
    throw new StoreBusy("Earlier writes took too long: try again. If that lasts, find out why the database is slow.");
  });
  const settled = outcome.catch(() => {}); // the caller handles the error
  queue.last.set(domain, settled);
  return outcome;
}
