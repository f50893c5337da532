import type { Clock } from "@carnet/core/ports";
import type { Kysely } from "kysely";
import type { JournalHeads } from "../../journal/journal-sink.ts";
import type { Tables } from "./schema.ts";

/** The newest hash of each file of the journal in an SQL database. */
export const createSqlJournalHeads = (
  db: Kysely<Tables>,
  { node, clock }: { readonly node: string; readonly clock: Clock },
): JournalHeads => ({
  put({ file, records, hash, oldestAt, newestAt, closed }) {
    const newest = {
      ...{ records, hash, oldest_at: oldestAt, newest_at: newestAt },
      ...{ anchored_at: clock.now(), closed: closed ? 1 : 0 },
    };
    // In a transaction, because only a transaction waits for another process's lock
    return db.transaction().execute(async (transaction) => {
      await transaction
        .insertInto("journal_files")
        .values({ file, node, ...newest })
        .onConflict((conflict) => conflict.column("file").doUpdateSet(newest))
        .execute();
    });
  },
});
