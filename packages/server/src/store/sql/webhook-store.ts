import type { Kysely } from "kysely";
import { leaseTime, maxAge, maxPause, maxWaiting, type WebhookQueue } from "../../webhook/webhook-queue.ts";
import { countRows } from "./count-rows.ts";
import { inTurn } from "./in-turn.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

const name = "webhook";

/** Few, because the event of a large import has a megabyte. */
const rowsPerQuery = 10;

/** The queue of the webhook in an SQL database: the table of events, and the number of the last one delivered. */
export const createSqlWebhookQueue = (db: Kysely<Tables>, dialect: SqlDialect): WebhookQueue => ({
  async begin() {
    const row = await readRow(db);
    if (row !== undefined) return;
    await inTurn({ db, dialect }, "webhook", async (transaction) => {
      const delivered = (await newest(transaction)) ?? 0;
      const counts = { skipped: 0, attempts: 0, refused_since: null };
      await transaction
        .insertInto("webhook_delivery")
        .values({ name, delivered, ...counts, next_attempt_at: 0, leased_until: 0 })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
    });
  },
  async lease(now) {
    if ((await findWork(db, now)) === undefined) return undefined; // mostly, so do not lock the store each second
    return inTurn({ db, dialect }, "webhook", async (transaction) => {
      const work = await findWork(transaction, now);
      if (work === undefined) return undefined;
      const { row, oldest } = work;
      const delivered = Math.max(row.delivered, await lastToSkip(transaction, oldest, now));
      const passed = transaction
        .selectFrom("audit_events")
        .where("number", ">", row.delivered)
        .where("number", "<=", delivered);
      const newlySkipped = delivered === row.delivered ? 0 : await countRows(passed);
      const skipped = row.skipped + newlySkipped;
      const leasedUntil = now + leaseTime;
      await transaction
        .updateTable("webhook_delivery")
        .set({ delivered, skipped, leased_until: leasedUntil })
        .where("name", "=", name)
        .execute();
      return { delivered, skipped, newlySkipped, attempts: row.attempts, refusedSince: row.refused_since, leasedUntil };
    });
  },
  async *after(number) {
    for (let last = number; ; ) {
      const rows = await db
        .selectFrom("audit_events")
        .select(["number", "at", "json"])
        .where("number", ">", last)
        .orderBy("number")
        .limit(rowsPerQuery)
        .execute();
      yield* rows;
      const end = rows.at(-1);
      if (end === undefined || rows.length < rowsPerQuery) return;
      last = end.number;
    }
  },
  async release(lease, next) {
    // In a transaction, because only a transaction waits for another process's lock
    await inTurn({ db, dialect }, "webhook", async (transaction) => {
      await transaction
        .updateTable("webhook_delivery")
        .set({
          delivered: next.delivered,
          skipped: next.skipped,
          attempts: next.attempts,
          refused_since: next.refusedSince,
          next_attempt_at: next.nextAttemptAt,
          leased_until: 0,
        })
        .where("name", "=", name)
        .where("leased_until", "=", lease.leasedUntil) // unless another process has it now
        .execute();
    });
  },
});

const readRow = (db: Kysely<Tables>) =>
  db.selectFrom("webhook_delivery").selectAll().where("name", "=", name).executeTakeFirst();

/** The state of the delivery and the oldest waiting event, if this process may deliver it now. */
async function findWork(db: Kysely<Tables>, now: number) {
  const row = await readRow(db);
  if (row === undefined || !isPast(row.leased_until, now, leaseTime) || !isPast(row.next_attempt_at, now, maxPause))
    return undefined;
  const oldest = await db
    .selectFrom("audit_events")
    .select(["number", "at"])
    .where("number", ">", row.delivered)
    .orderBy("number")
    .limit(1)
    .executeTakeFirst();
  return oldest && { row, oldest };
}

/** An instant further ahead than it was ever set to counts as past: the clock was set back. */
const isPast = (instant: number, now: number, furthest: number): boolean => instant <= now || instant > now + furthest;

/** The number of the last event that has waited too long; 0: none. */
async function lastToSkip(db: Kysely<Tables>, oldest: { readonly at: number }, now: number): Promise<number> {
  const beyondLimit = ((await newest(db)) ?? 0) - maxWaiting;
  if (oldest.at > now - maxAge) return beyondLimit;
  const old = db
    .selectFrom("audit_events")
    .select("number")
    .where("at", "<=", now - maxAge);
  const last = await old.orderBy("at", "desc").orderBy("number", "desc").limit(1).executeTakeFirst();
  return Math.max(beyondLimit, last?.number ?? 0);
}

async function newest(db: Kysely<Tables>): Promise<number | undefined> {
  const row = await db
    .selectFrom("audit_events")
    .select("number")
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.number;
}
