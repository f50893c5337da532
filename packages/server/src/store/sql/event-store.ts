import type { AuditEvent, EventKind } from "@carnet/core/audit/event";
import type { EventQuery, EventStore, StoredEvent } from "@carnet/core/audit/event-store";
import { actorName, namedClients } from "@carnet/core/audit/named-clients";
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql, type Transaction } from "kysely";
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
  const rows = [...namedClients(event)].map((client_id) => ({ client_id, number }));
  await insertChunks(rows, dialect, (chunk) => transaction.insertInto("audit_event_clients").values(chunk).execute());
}

type EventTable = "audit_events" | "refusals";

async function searchEvents(db: Kysely<Tables>, query: EventQuery): Promise<readonly StoredEvent[]> {
  const rows = await db
    .selectFrom("audit_events")
    .select(["id", "at", "event", "json"])
    .where((where) => where.and(conditions(where, query)))
    // The actor is among the named clients, so that either is found by the index
    .$if(query.clientId !== null || isClient(query.actor), (select) =>
      select.where((where) =>
        where.and(
          [query.clientId, isClient(query.actor) ? query.actor : null].flatMap((clientId) =>
            clientId === null ? [] : [where("number", "in", numbersNaming(db, clientId))],
          ),
        ),
      ),
    )
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(query.limit)
    .execute();
  return rows.map(toStoredEvent);
}

const numbersNaming = (db: Kysely<Tables>, clientId: string) =>
  db.selectFrom("audit_event_clients").select("number").where("client_id", "=", clientId);

async function searchRefusals(db: Kysely<Tables>, query: EventQuery): Promise<readonly StoredEvent[]> {
  const rows = await db
    .selectFrom("refusals")
    .select(["id", "at", "event", "json"])
    .where((where) => where.and(conditions(where, query)))
    .$if(query.clientId !== null, (select) => select.where("client_id", "=", query.clientId ?? ""))
    // A refusal is stored under the client that acted
    .$if(isClient(query.actor), (select) => select.where("client_id", "=", query.actor ?? ""))
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(query.limit)
    .execute();
  return rows.map(toStoredEvent);
}

const otherActors = ["cli", "service", "unknown"];

const isClient = (actor: string | null): boolean => actor !== null && !otherActors.includes(actor);

/** The conditions on the columns that both tables have. */
function conditions(
  where: ExpressionBuilder<Tables, EventTable>,
  { actor, requestId, kinds, since, until, before }: EventQuery,
): Expression<SqlBool>[] {
  return [
    ...(requestId === null ? [] : [where("request_id", "=", requestId)]),
    ...(kinds.length === 0 ? [] : [where("event", "in", kinds)]),
    ...(since === null ? [] : [where("at", ">=", since)]),
    ...(until === null ? [] : [where("at", "<", until)]),
    ...(actor === null ? [] : [where("actor", "=", actor)]),
    // A client can have the id `cli` too
    ...(actor === null || isClient(actor) ? [] : [where("json", "like", `%,"actor":{"type":"${actor}"},%`)]),
    ...(before === null ? [] : [isBefore(before)]),
  ];
}

/** The first condition is for the index. */
const isBefore = ({ at, id }: { at: number; id: string }): Expression<SqlBool> =>
  sql<SqlBool>`(at <= ${at} and (at < ${at} or id < ${id}))`;

const toStoredEvent = ({ event, ...row }: { id: string; at: number; event: string; json: string }): StoredEvent => ({
  ...row,
  event: event as EventKind,
});

const newestFirst = (left: StoredEvent, right: StoredEvent): number =>
  right.at - left.at || (left.id < right.id ? 1 : -1);

/**
 * Deletes everything before the first event that is young enough, by number: an event that a clock set back dated too
 * early must not take the newer ones before it along.
 */
async function trim(db: Kysely<Tables>, before: number): Promise<number> {
  return db.transaction().execute(async (transaction) => {
    const events = transaction.selectFrom("audit_events");
    const { newest } = await events
      .select((select) => select.fn.coalesce(select.fn.max("number"), sql.lit(0)).as("newest"))
      .executeTakeFirstOrThrow();
    const young = await events
      .select((select) => select.fn.min("number").as("oldest"))
      .where("at", ">=", before)
      .executeTakeFirstOrThrow();
    const oldest = Math.max(young.oldest ?? newest + 1, newest - maxEvents + 1);
    await transaction.deleteFrom("audit_event_clients").where("number", "<", oldest).execute();
    const deleted = await transaction.deleteFrom("audit_events").where("number", "<", oldest).executeTakeFirst();
    return Number(deleted.numDeletedRows);
  });
}
