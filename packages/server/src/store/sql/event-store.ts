import { setImmediate as endOfTurn } from "node:timers/promises";
import type { AuditEvent, EventKind } from "@carnet/core/audit/event";
import type { EventQuery, EventStore, StoredEvent } from "@carnet/core/audit/event-store";
import { actorName, namedClients } from "@carnet/core/audit/named-clients";
import { type Kysely, type RawBuilder, type SqlBool, sql, type Transaction } from "kysely";
import { eventJson } from "../../audit/event-json.ts";
import { insertChunks } from "./insert-chunks.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** What the SQL stores need to store an event. */
export interface EventPorts {
  /** The name of this node in events. */
  readonly node: string;
  readonly dialect: SqlDialect;
}

/**
 * The bounds of the table of events: several hundred megabytes. Bursts of refusals have their own, because strangers
 * cause them and could push out the changes.
 */
const maxEvents = { bursts: 10_000, others: 500_000 } as const;

/** Events in an SQL database. The other stores insert the event of a change in its transaction, with `insertEvent`. */
export const createSqlEventStore = (db: Kysely<Tables>, ports: EventPorts): EventStore => ({
  append: (event) => db.transaction().execute((transaction) => insertEvent(transaction, event, ports)),
  async search(query) {
    const found = [...(await searchEvents(db, query)), ...(await searchRefusals(db, query))];
    return found.sort(newestFirst).slice(0, query.limit);
  },
  trim: (before) => trim(db, before),
});

/** The kinds of events in the table of refusals. */
const refusalKinds: readonly EventKind[] = ["token_refused", "admin_refused"];

/** Inserts an event as part of a transaction. */
export async function insertEvent(
  transaction: Transaction<Tables>,
  event: AuditEvent,
  { node, dialect }: EventPorts,
): Promise<void> {
  const { id, at, requestId, event: kind } = event;
  const { number } = await transaction
    .insertInto("audit_events")
    .values({ id, at, event: kind, request_id: requestId, actor: actorName(event), json: eventJson(event, node) })
    .returning("number")
    .executeTakeFirstOrThrow();
  const rows = [...namedClients(event)].map((client_id) => ({ client_id, at, number }));
  await insertChunks(rows, dialect, (chunk) => transaction.insertInto("audit_event_clients").values(chunk).execute());
}

/** Reads from the index that has the order of the answer, so that the limit bounds the work. */
async function searchEvents(db: Kysely<Tables>, query: EventQuery): Promise<readonly StoredEvent[]> {
  const { clientId, limit } = query;
  const events = db
    .selectFrom("audit_events as stored")
    .select(["stored.id", "stored.at", "stored.event", "stored.json"])
    .limit(limit);
  const found =
    clientId === null
      ? events.where(allOf(query, "stored.at")).orderBy("stored.at", "desc")
      : events
          .innerJoin("audit_event_clients as named", "named.number", "stored.number")
          .where("named.client_id", "=", clientId)
          .where(allOf(query, "named.at"))
          .orderBy("named.at", "desc");
  return (await found.orderBy("stored.id", "desc").execute()).map(toStoredEvent);
}

async function searchRefusals(db: Kysely<Tables>, query: EventQuery): Promise<readonly StoredEvent[]> {
  const asked = refusalKinds.filter((kind) => query.kinds.includes(kind));
  if (query.kinds.length > 0 && asked.length === 0) return [];
  // Without the condition for both kinds, which would read every row from the index of the kinds
  const kinds = asked.length === refusalKinds.length ? [] : asked;
  const rows = await db
    .selectFrom("refusals as stored")
    .select(["stored.id", "stored.at", "stored.event", "stored.json"])
    .where(allOf({ ...query, kinds }, "stored.at"))
    .$if(query.clientId !== null, (select) => select.where("stored.client_id", "=", query.clientId ?? ""))
    .orderBy("stored.at", "desc")
    .orderBy("stored.id", "desc")
    .limit(query.limit)
    .execute();
  return rows.map(toStoredEvent);
}

/** The conditions on the columns that both tables have. `at` is the column that the index has. */
function allOf(
  { clientId, actor, requestId, kinds, since, until, before }: EventQuery,
  at: "stored.at" | "named.at",
): RawBuilder<SqlBool> {
  const time = sql.ref(at);
  // One client or request has few events. SQLite would prefer the index of an actor or a kind, which can have all of them
  const isNarrow = clientId !== null || requestId !== null;
  const unlessNarrow = (column: string) => (isNarrow ? sql`coalesce(${sql.ref(column)}, '')` : sql.ref(column));
  const conditions = [
    sql`true`,
    requestId !== null && sql`stored.request_id = ${requestId}`,
    kinds.length > 0 && sql`${unlessNarrow("stored.event")} in (${sql.join(kinds)})`,
    since !== null && sql`${time} >= ${since}`,
    until !== null && sql`${time} < ${until}`,
    actor !== null && sql`${unlessNarrow("stored.actor")} = ${actor}`,
    // A client can have the id `cli` too
    actor !== null && otherActors.has(actor) && sql`stored.json like ${`%,"actor":{"type":"${actor}"},%`}`,
    actor !== null && !otherActors.has(actor) && sql`stored.json like ${'%,"actor":{"type":"client",%'}`,
    before !== null && sql`${time} <= ${before.at} and (${time} < ${before.at} or stored.id < ${before.id})`,
  ];
  return sql<SqlBool>`(${sql.join(
    conditions.filter((condition) => condition !== false),
    sql` and `,
  )})`;
}

const otherActors = new Set(["cli", "service", "unknown"]);

const toStoredEvent = ({ event, ...row }: { id: string; at: number; event: string; json: string }): StoredEvent => ({
  ...row,
  event: event as EventKind,
});

const newestFirst = (left: StoredEvent, right: StoredEvent): number =>
  right.at - left.at || (left.id < right.id ? 1 : -1);

/** How many events one transaction deletes. Token requests wait for it: some 15 milliseconds. */
const eventsPerDeletion = 200;

/** Deletes the oldest bursts beyond their bound, and then what is too old or beyond the other bound. */
async function trim(db: Kysely<Tables>, before: number): Promise<number> {
  const bursts = await countEvents(db, "refusals_burst");
  const deletedBursts = await deleteParts(db, async (transaction, deleted) => {
    const excess = bursts - maxEvents.bursts - deleted;
    return excess <= 0 ? [] : await oldestBursts(transaction, Math.min(excess, eventsPerDeletion));
  });
  const others = (await countEvents(db)) - (bursts - deletedBursts);
  const deletedOthers = await deleteParts(db, (transaction, deleted) =>
    oldestEvents(transaction, { before, excess: others - maxEvents.others - deleted }),
  );
  return deletedBursts + deletedOthers;
}

/** Deletes events by number until a part is not full. Lets requests run between the parts. Returns how many. */
async function deleteParts(
  db: Kysely<Tables>,
  next: (transaction: Transaction<Tables>, deleted: number) => Promise<readonly number[]>,
): Promise<number> {
  for (let deleted = 0; ; await endOfTurn()) {
    const part = await db.transaction().execute(async (transaction) => {
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

async function oldestBursts(transaction: Transaction<Tables>, limit: number): Promise<readonly number[]> {
  const bursts = transaction.selectFrom("audit_events").select("number").where("event", "=", "refusals_burst");
  return (await bursts.orderBy("at").limit(limit).execute()).map(({ number }) => number);
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

async function countEvents(db: Kysely<Tables>, kind?: EventKind): Promise<number> {
  const { rows } = await db
    .selectFrom("audit_events")
    .select(({ fn }) => fn.countAll<number>().as("rows"))
    .$if(kind !== undefined, (select) => select.where("event", "=", kind ?? ""))
    .executeTakeFirstOrThrow();
  return Number(rows);
}
