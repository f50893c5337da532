import type { Kysely, Selectable } from "kysely";
import type { AnchorState, JournalAnchor, JournalAnchors } from "../../journal/journal-anchors.ts";
import type { Tables } from "./schema.ts";

/** The anchors of the journal's files in an SQL database. Each change is a transaction, because only one waits for a lock. */
export const createSqlJournalAnchors = (db: Kysely<Tables>): JournalAnchors => ({
  async list() {
    const rows = await db.selectFrom("journal_files").selectAll().orderBy("file").execute();
    return rows.map(anchorOf);
  },
  put: ({ file, node, records, hash, oldestAt, newestAt, anchoredAt, state }) =>
    db.transaction().execute(async (transaction) => {
      const times = { oldest_at: oldestAt, newest_at: newestAt, anchored_at: anchoredAt };
      const newest = { records, hash, ...times, closed: states.indexOf(state) };
      await transaction
        .insertInto("journal_files")
        .values({ file, node, ...newest })
        .onConflict((conflict) => conflict.column("file").doUpdateSet(newest))
        .execute();
    }),
  close: ({ file, records, hash, oldestAt, newestAt }) =>
    db.transaction().execute(async (transaction) => {
      await transaction
        .updateTable("journal_files")
        .set({ records, hash, oldest_at: oldestAt, newest_at: newestAt, closed: states.indexOf("closed") })
        .where("file", "=", file)
        .where("closed", "=", states.indexOf("open"))
        .execute();
    }),
  markDeleting: (file) =>
    db.transaction().execute(async (transaction) => {
      const closed = states.indexOf("deleting");
      await transaction.updateTable("journal_files").set({ closed }).where("file", "=", file).execute();
    }),
  delete: (file) =>
    db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("journal_files").where("file", "=", file).execute();
    }),
});

/** By the number in the column `closed`. */
const states: readonly AnchorState[] = ["open", "closed", "deleting"];

const anchorOf = (row: Selectable<Tables["journal_files"]>): JournalAnchor => ({
  file: row.file,
  node: row.node,
  records: row.records,
  hash: row.hash,
  oldestAt: row.oldest_at,
  newestAt: row.newest_at,
  anchoredAt: row.anchored_at,
  state: states[row.closed] ?? "open",
});
