import { type IdempotencyStore, idempotencyRecordLifetime } from "@carnet/core/idempotency-record";
import type { Clock } from "@carnet/core/ports";
import type { Kysely } from "kysely";
import { deleteRetiredKeys } from "./replace-data-key.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** Idempotency records in an SQL database. The client store writes them, in the transaction of the change. */
export const createSqlIdempotencyStore = (
  db: Kysely<Tables>,
  { clock, dialect }: { readonly clock: Clock; readonly dialect: SqlDialect },
): IdempotencyStore & { deleteExpired(): Promise<void> } => ({
  async findRecord(keyDigest) {
    const row = await db
      .selectFrom("kept_answers")
      .selectAll()
      .where("key_digest", "=", keyDigest)
      .where("created_at", ">", clock.now() - idempotencyRecordLifetime)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    return { keyDigest, requestDigest: row.request_digest, sealed: row.sealed };
  },
  /** Deletes expired records, their data keys, and the bytes of both, which contain secrets, although encrypted. */
  async deleteExpired() {
    await db
      .deleteFrom("kept_answers")
      .where("created_at", "<=", clock.now() - idempotencyRecordLifetime)
      .execute();
    await deleteRetiredKeys(db, clock.now());
    await dialect.eraseDeleted(db);
  },
});
