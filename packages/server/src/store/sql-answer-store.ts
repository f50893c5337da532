import type { KeptAnswerStore } from "@carnet/core/admin/idempotency";
import { answersKeptFor } from "@carnet/core/admin/idempotency";
import type { Clock } from "@carnet/core/ports";
import type { Kysely } from "kysely";
import type { Tables } from "./schema.ts";

/** Kept answers in an SQL database. They are written with the change that they tell of, by the client store. */
export const createSqlAnswerStore = (
  db: Kysely<Tables>,
  clock: Clock,
): KeptAnswerStore & { forgetOld(): Promise<void> } => ({
  async findAnswer(keyDigest) {
    const row = await db
      .selectFrom("kept_answers")
      .selectAll()
      .where("key_digest", "=", keyDigest)
      .where("created_at", ">", clock.now() - answersKeptFor)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    return { keyDigest, requestDigest: row.request_digest, sealed: row.sealed };
  },
  async forgetOld() {
    await db
      .deleteFrom("kept_answers")
      .where("created_at", "<=", clock.now() - answersKeptFor)
      .execute();
  },
});
