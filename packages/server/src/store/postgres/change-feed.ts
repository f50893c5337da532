import type { ClientId } from "@carnet/protocol/ids";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../sql/schema.ts";
import type { ChangeFeed, ChangeListener } from "../sql/sql-dialect.ts";

/** How many changes are read at a time, and how many are kept for processes that lag behind. */
const batch = 10_000;
const kept = 100_000;

interface FeedRow {
  /** When the server started. Another value means another server, which may have lost the newest changes. */
  readonly server: string;
  readonly newest: number | null;
  /** null: there is no change to read. */
  readonly number: number | null;
  readonly client_id: ClientId | null;
}

/**
 * Reads the changes of all processes. Writers take turns, so numbers become visible in their order. A gap is normal: it
 * comes from a transaction that was rolled back.
 */
export async function openChangeFeed(db: Kysely<Tables>, listener: ChangeListener): Promise<ChangeFeed> {
  const [start] = await read(db, Number.MAX_SAFE_INTEGER);
  let seen = start?.newest ?? 0;
  let server = start?.server;
  let hasFailed = false;

  /** Returns whether there may be more. */
  async function readOn(): Promise<boolean> {
    const rows = await read(db, seen);
    const [first] = rows;
    if (first === undefined) return false;
    const newest = first.newest ?? 0;
    const isTrimmed = seen < newest - kept;
    const isLost = newest < seen;
    if (hasFailed || first.server !== server || isTrimmed || isLost) listener.missed();
    hasFailed = false;
    server = first.server;
    for (const { client_id } of rows) if (client_id !== null) listener.changed(client_id);
    seen = isLost ? newest : (rows.at(-1)?.number ?? seen);
    return rows.length === batch;
  }

  return {
    async poll() {
      try {
        while (await readOn());
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    },
    async trim() {
      await sql`delete from changes where number <= (select max(number) from changes) - ${sql.lit(kept)}`.execute(db);
    },
  };
}

/** The changes after a number, in one statement, so that all of it is of one moment. At least one row. */
async function read(db: Kysely<Tables>, after: number): Promise<readonly FeedRow[]> {
  const { rows } = await sql<FeedRow>`select state.server, state.newest, change.number, change.client_id
    from (select pg_postmaster_start_time()::text as server, (select max(number) from changes) as newest) as state
    left join (select number, client_id from changes where number > ${after} order by number limit ${sql.lit(batch)})
      as change on true
    order by change.number`.execute(db);
  return rows;
}
