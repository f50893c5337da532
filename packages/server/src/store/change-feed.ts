import type { Kysely } from "kysely";
import type { Tables } from "./schema.ts";

export interface ChangeFeed {
  /** Looks for changes since the last look. */
  poll(): Promise<void>;
  /** Drops what every process has seen long ago. */
  trim(): Promise<void>;
}

/** Hears of each change, in order; or that some were missed, and anything may have changed. */
export interface ChangeListener {
  changed(clientId: string): void;
  missed(): void;
}

/** How many changes are read at a time, and how many are kept for processes that are behind. */
const batch = 10_000;
const kept = 100_000;

/**
 * Tells of every client that any process changed. SQLite lets one writer in at a time and takes back the number of what
 * was rolled back, so the numbers come up without gaps in the order of their commits.
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
