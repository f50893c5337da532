import { setImmediate as endOfTurn } from "node:timers/promises";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { EventStore } from "@carnet/core/audit/event-store";
import { namedClients, searchedActor } from "@carnet/core/audit/named-clients";
import type { Kysely, Transaction } from "kysely";
import { eventJson } from "../../audit/event-json.ts";
import { countRows } from "./count-rows.ts";
import { searchStoredEvents } from "./event-search.ts";
import { inTurn, type Writer } from "./in-turn.ts";
import { insertChunks } from "./insert-chunks.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** What the SQL stores need to store an event. */
export interface EventPorts {
  /** The name of this node in events. */
  readonly node: string;
  readonly dialect: SqlDialect;
}

/** The bound of the table of events: several hundred megabytes. */
const maxEvents = 500_000;

/** What strangers and clients cause has bounds of its own, so that they cannot push out the changes. */
const maxOfKind = { refusals_burst: 10_000, tokens_revoked: 100_000 } as const;

/** Events in an SQL database. The other stores insert the event of a change in its transaction, with `insertEvent`. */
export const createSqlEventStore = (db: Kysely<Tables>, ports: EventPorts): EventStore => ({
  append: (event) => inTurn({ db, ...ports }, "changes", (transaction) => insertEvent(transaction, event, ports)),
  search: (query) => searchStoredEvents(db, query),
  trim: (before) => trim({ db, ...ports }, before),
});

/** Inserts an event as part of a transaction. */
export async function insertEvent(
  transaction: Transaction<Tables>,
  event: AuditEvent,
  { node, dialect }: EventPorts,
): Promise<void> {
  const { id, at, requestId, event: kind } = event;
  const { number } = await transaction
    .insertInto("audit_events")
    .values({ id, at, event: kind, request_id: requestId, actor: searchedActor(event), json: eventJson(event, node) })
    .returning("number")
    .executeTakeFirstOrThrow();
  const rows = [...namedClients(event)].map((client_id) => ({ client_id, at, number }));
  await insertChunks(rows, dialect, (chunk) => transaction.insertInto("audit_event_clients").values(chunk).execute());
}

/** How many events one transaction deletes. Token requests wait for it: some 15 milliseconds. */
const eventsPerDeletion = 200;

/** Deletes the oldest of each kind with its own bound, and then what is too old or beyond the other bound. */
async function trim(writer: Writer, before: number): Promise<number> {
  let [trimmed, left] = [0, 0];
  for (const kind of ["refusals_burst", "tokens_revoked"] as const) {
    const count = await countRows(writer.db.selectFrom("audit_events").where("event", "=", kind));
    const gone = await deleteParts(writer, async (transaction, deleted) => {
      const excess = count - maxOfKind[kind] - deleted;
      return excess <= 0 ? [] : await oldestOf(transaction, kind, Math.min(excess, eventsPerDeletion));
    });
    trimmed += gone;
    left += count - gone;
  }
  const others = (await countRows(writer.db.selectFrom("audit_events"))) - left;
  const deletedOthers = await deleteParts(writer, (transaction, deleted) =>
    oldestEvents(transaction, { before, excess: others - maxEvents - deleted }),
  );
  return trimmed + deletedOthers;
}

/** Deletes events by number until a part is not full. Lets requests run between the parts. Returns how many. */
async function deleteParts(
  writer: Writer,
  next: (transaction: Transaction<Tables>, deleted: number) => Promise<readonly number[]>,
): Promise<number> {
  for (let deleted = 0; ; await endOfTurn()) {
    const part = await inTurn(writer, "changes", async (transaction) => {
      const numbers = await next(transaction, deleted);
      if (numbers.length === 0) return 0;
      await transaction.deleteFrom("audit_event_clients").where("number", "in", numbers).execute();
      await transaction.deleteFrom("audit_events").where("number", "in", numbers).execute();
      return numbers.length;
    });
    deleted += part;
    if (part < eventsPerDeletion) return deleted;
  }
}

async function oldestOf(
  transaction: Transaction<Tables>,
  kind: keyof typeof maxOfKind,
  limit: number,
): Promise<readonly number[]> {
  const events = transaction.selectFrom("audit_events").select("number").where("event", "=", kind);
  return (await events.orderBy("at").limit(limit).execute()).map(({ number }) => number);
}

/**
 * The events before the first one that is young enough, by number: an event that a clock set back dated too early must
 * not take the newer ones before it along.
 */
async function oldestEvents(
  transaction: Transaction<Tables>,
  { before, excess }: { readonly before: number; readonly excess: number },
): Promise<readonly number[]> {
  const events = transaction.selectFrom("audit_events").select(["number", "at"]);
  const oldest = await events.orderBy("number").limit(eventsPerDeletion).execute();
  const kept = oldest.findIndex(({ at }, place) => at >= before && place >= excess);
  return (kept === -1 ? oldest : oldest.slice(0, kept)).map(({ number }) => number);
}
