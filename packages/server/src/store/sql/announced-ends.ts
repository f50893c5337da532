import type { AnnouncedEnds } from "@carnet/core/audit/coming-ends";
import type { CredentialExpiring } from "@carnet/core/audit/event";
import type { Kysely } from "kysely";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import type { Tables } from "./schema.ts";

/** Announced ends in an SQL database. */
export const createSqlAnnouncedEnds = (db: Kysely<Tables>, ports: EventPorts): AnnouncedEnds => ({
  async announce(ends) {
    if (ends.length === 0) return [];
    return inTurn({ db, ...ports }, "changes", async (transaction) => {
      const announced: CredentialExpiring[] = [];
      for (const { subject, event } of ends) {
        const inserted = await transaction
          .insertInto("announced_ends")
          .values({ subject, ends_at: event.endsAt, within_days: event.withinDays })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (inserted.numInsertedOrUpdatedRows !== 1n) continue;
        await insertEvent(transaction, event, ports);
        announced.push(event);
      }
      return announced;
    });
  },
  async forgetPast(now) {
    await inTurn({ db, ...ports }, "changes", async (transaction) => {
      await transaction.deleteFrom("announced_ends").where("ends_at", "<=", now).execute();
    });
  },
});
