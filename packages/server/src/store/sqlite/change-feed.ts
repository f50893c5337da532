import type { Kysely } from "kysely";
import type { Tables } from "../sql/schema.ts";
import type { ChangeFeed, ChangeListener } from "../sql/sql-dialect.ts";

/** How many changes are read at a time, and how many are kept for processes that lag behind. */
const batch = 10_000;
const kept = 100_000;

/**
 * Reads the changes of all processes. SQLite has one writer at a time and reuses the number of a rolled back insert, so
 * numbers have no gaps and appear in the order of the commits: a gap means that changes were trimmed unread.
 */
export async function openChangeFeed(db: Kysely<Tables>, listener: ChangeListener): Promise<ChangeFeed> {
  const newest = async (): Promise<number> => {
    const row = await db
      .selectFrom("changes")
      .select((select) => select.fn.max("number").as("number"))
      .executeTakeFirst();
    return row?.number ?? 0;
  };
  let seen = await newest();
  return {
    async poll() {
      for (;;) {
        const query = db.selectFrom("changes").selectAll().where("number", ">", seen).orderBy("number").limit(batch);
        const changes = await query.execute();
        const [first] = changes;
        if (first !== undefined && first.number !== seen + 1) listener.missed();
        for (const { number, client_id } of changes) {
          seen = number;
          listener.changed(client_id);
        }
        if (changes.length < batch) return;
      }
    },
    async trim() {
      await db
        .deleteFrom("changes")
        .where("number", "<=", (await newest()) - kept)
        .execute();
    },
  };
}
