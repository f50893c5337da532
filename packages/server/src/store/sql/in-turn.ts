import type { Kysely, Transaction } from "kysely";
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
): Promise<Value> =>
  db.transaction().execute(async (transaction) => {
    await dialect.takeTurn(transaction, domain);
    return work(transaction);
  });
