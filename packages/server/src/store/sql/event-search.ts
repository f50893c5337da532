import { setImmediate as endOfTurn } from "node:timers/promises";
import type { EventKind } from "@carnet/core/audit/event";
import { type EventQuery, type NamedCaller, newestFirst, type StoredEvent } from "@carnet/core/audit/event-store";
import { isOtherActor } from "@carnet/core/audit/named-clients";
import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { Tables } from "./schema.ts";

/** The newest matching events of both tables, newest first. */
export async function searchStoredEvents(db: Kysely<Tables>, query: EventQuery): Promise<readonly StoredEvent[]> {
  const { visibleTo } = query;
  // The events of one client are few, and the caller has checked that the client is its own
  const isWide = visibleTo !== undefined && query.clientId === null;
  const found = isWide
    ? [...(await visibleEvents(db, { query, visibleTo })), ...(await visibleRefusals(db, { query, visibleTo }))]
    : [...(await searchEvents(db, query)), ...(await searchRefusals(db, query))];
  return found.sort(newestFirst).slice(0, query.limit);
}

/** The kinds of events in the table of refusals. */
const refusalKinds: readonly EventKind[] = ["token_refused", "admin_refused"];

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
  const kinds = kindsOfRefusals(query);
  if (kinds === undefined) return [];
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

/** undefined: the query asks for no refusals. Empty: for both kinds, without a condition that would read their index. */
function kindsOfRefusals({ kinds }: EventQuery): readonly EventKind[] | undefined {
  const asked = refusalKinds.filter((kind) => kinds.includes(kind));
  if (kinds.length > 0 && asked.length === 0) return undefined;
  return asked.length === refusalKinds.length ? [] : asked;
}

/**
 * How many rows one step reads for a caller that may see few of them: a millisecond or two. Requests run between the
 * steps, and the bounds of both tables bound their number.
 */
const rowsPerStep = 1000;

interface VisibleQuery {
  readonly query: EventQuery;
  readonly visibleTo: NamedCaller;
}

interface Place extends Omit<StoredEvent, "json"> {
  readonly number: number;
}

/**
 * Goes through the rows of a table, newest first, until enough of them concern the caller or there are no more. Compares
 * the kinds here, because with several of them SQLite would sort all their rows at each step.
 */
async function stepThrough(
  db: Kysely<Tables>,
  { table, query }: { readonly table: "audit_events" | "refusals"; readonly query: EventQuery },
  concerning: (places: readonly Place[], limit: number) => Promise<readonly StoredEvent[]>,
): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (let { before } = query; ; await endOfTurn()) {
    const rows = await db
      .selectFrom(db.dynamic.table(table).as("stored"))
      .select(["stored.number", "stored.id", "stored.at", "stored.event"])
      .where(allOf({ ...query, kinds: [], before }, "stored.at"))
      .orderBy("stored.at", "desc")
      .orderBy("stored.id", "desc")
      .limit(rowsPerStep)
      .execute();
    const step = rows.map(toPlace);
    const asked = step.filter(({ event }) => query.kinds.length === 0 || query.kinds.includes(event));
    if (asked.length > 0) found.push(...(await concerning(asked, query.limit - found.length)));
    before = step.at(-1) ?? null;
    if (found.length >= query.limit || step.length < rowsPerStep) return found;
  }
}

const visibleEvents = (db: Kysely<Tables>, { query, visibleTo }: VisibleQuery): Promise<readonly StoredEvent[]> =>
  stepThrough(db, { table: "audit_events", query }, async (step, limit) => {
    const concerned = await db
      .selectFrom("audit_events as stored")
      .select("stored.number")
      .where("stored.number", "in", numbersOf(step))
      .where(concerns(visibleTo))
      .execute();
    const numbers = new Set(concerned.map(({ number }) => number));
    const wanted = numbersOf(step.filter(({ number }) => numbers.has(number))).slice(0, limit);
    if (wanted.length === 0) return [];
    const rows = db.selectFrom("audit_events").select(["id", "at", "event", "json"]).where("number", "in", wanted);
    return (await rows.execute()).map(toStoredEvent).sort(newestFirst);
  });

/** A refused admin call can be about any client, so all of them are read. */
const visibleRefusals = async (
  db: Kysely<Tables>,
  { query, visibleTo }: VisibleQuery,
): Promise<readonly StoredEvent[]> => {
  const kinds = kindsOfRefusals(query);
  if (kinds === undefined) return [];
  return stepThrough(db, { table: "refusals", query: { ...query, kinds } }, async (step, limit) => {
    const rows = await db
      .selectFrom("refusals")
      .leftJoin("clients", "clients.client_id", "refusals.client_id")
      .select(["refusals.id", "refusals.at", "refusals.event", "refusals.json"])
      .where("refusals.number", "in", numbersOf(step))
      .where((where) => where.or([where("refusals.event", "=", "admin_refused"), isVisible(visibleTo)]))
      .orderBy("refusals.at", "desc")
      .orderBy("refusals.id", "desc")
      .limit(limit)
      .execute();
    return rows.map(toStoredEvent);
  });
};

const numbersOf = (places: readonly Place[]): number[] => places.map(({ number }) => number);

/**
 * Whether an event may be visible: the caller did it, it is about an owner, or it names the caller's clients and no
 * others, besides the one that acted. The first foreign client decides, so the hundreds of others of an import are not
 * looked up. Only the JSON says who owned a client that is gone.
 */
function concerns(caller: NamedCaller): RawBuilder<SqlBool> {
  const named = sql`select 1 from audit_event_clients as named
    inner join clients on clients.client_id = named.client_id where named.number = stored.number`;
  const ofOwners = caller.owners.map((owner) => sql` or stored.json like ${`%"owner":"${owner}"%`}`);
  return sql<SqlBool>`(stored.actor = ${caller.clientId ?? ""} or stored.event like 'owner%' or (
    not exists (${named} and named.client_id <> stored.actor and not ${isVisible(caller)})
    and (exists (${named} and ${isVisible(caller)})${sql.join(ofOwners, sql``)})))`;
}

/** The clients of the caller's owners, and the caller itself. */
const isVisible = ({ owners, clientId }: NamedCaller): RawBuilder<SqlBool> => {
  const own = sql<SqlBool>`clients.client_id = ${clientId ?? ""}`;
  if (owners.length === 0) return own;
  return sql<SqlBool>`(clients.owner in (${sql.join(owners)}) and clients.role is null or ${own})`;
};

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
    actor !== null && isOtherActor(actor) && sql`stored.json like ${`%,"actor":{"type":"${actor}"},%`}`,
    actor !== null && !isOtherActor(actor) && sql`stored.json like ${'%,"actor":{"type":"client",%'}`,
    before !== null && sql`${time} <= ${before.at} and (${time} < ${before.at} or stored.id < ${before.id})`,
  ];
  return sql<SqlBool>`(${sql.join(
    conditions.filter((condition) => condition !== false),
    sql` and `,
  )})`;
}

const toPlace = ({ event, ...row }: { number: number; id: string; at: number; event: string }): Place => ({
  ...row,
  event: event as EventKind,
});

const toStoredEvent = ({ event, ...row }: { id: string; at: number; event: string; json: string }): StoredEvent => ({
  ...row,
  event: event as EventKind,
});
