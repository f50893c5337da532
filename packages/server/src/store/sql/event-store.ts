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

/** The bound of the table of events: several hundred megabytes. */
const maxEvents = 500_000;

/** Events in an SQL database. The other stores insert the event of a change in its transaction, with `insertEvent`. */
export const createSqlEventStore = (db: Kysely<Tables>, ports: EventPorts): EventStore => ({
  append: (event) => db.transaction().execute((transaction) => insertEvent(transaction, event, ports)),
  async search(query) {
    const found = [...(await searchEvents(db, query)), ...(await searchRefusals(db, query))];
    return found.sort(newestFirst).slice(0, query.limit);
  },
  trim: (before) => trim(db, before),
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
  const rows = await db
    .selectFrom("refusals as stored")
    .select(["stored.id", "stored.at", "stored.event", "stored.json"])
    .where(allOf(query, "stored.at"))
    .$if(query.clientId !== null, (select) => select.where("stored.client_id", "=", query.clientId ?? ""))
    .orderBy("stored.at", "desc")
    .orderBy("stored.id", "desc")
    .limit(query.limit)
    .execute();
  return rows.map(toStoredEvent);
}

/** The conditions on the columns that both tables have. `at` is the column that the index has. */
function allOf(
  { actor, requestId, kinds, since, until, before }: EventQuery,
  at: "stored.at" | "named.at",
): RawBuilder<SqlBool> {
  const time = sql.ref(at);
  const conditions = [
    sql`true`,
    requestId !== null && sql`stored.request_id = ${requestId}`,
    kinds.length > 0 && sql`stored.event in (${sql.join(kinds)})`,
    since !== null && sql`${time} >= ${since}`,
    until !== null && sql`${time} < ${until}`,
    actor !== null && sql`stored.actor = ${actor}`,
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

/**
 * Deletes everything before the first event that is young enough, by number: an event that a clock set back dated too
 * early must not take the newer ones before it along. Lets requests run between the parts.
 */
async function trim(db: Kysely<Tables>, before: number): Promise<number> {
  for (let deleted = 0; ; await endOfTurn()) {
    const part = await db.transaction().execute((transaction) => trimSome(transaction, before));
    deleted += part;
    if (part < eventsPerDeletion) return deleted;
  }
}

async function trimSome(transaction: Transaction<Tables>, before: number): Promise<number> {
  const numbers = transaction.selectFrom("audit_events").select(["number", "at"]);
  const oldest = await numbers.orderBy("number").limit(eventsPerDeletion).execute();
  const [newest] = await numbers.orderBy("number", "desc").limit(1).execute();
  const bound = (newest?.number ?? 0) - maxEvents;
  const kept = oldest.findIndex(({ number, at }) => at >= before && number > bound);
  const old = kept === -1 ? oldest : oldest.slice(0, kept);
  const upTo = old.at(-1)?.number ?? 0;
  await transaction.deleteFrom("audit_event_clients").where("number", "<=", upTo).execute();
  await transaction.deleteFrom("audit_events").where("number", "<=", upTo).execute();
  return old.length;
}
