import { setImmediate as endOfTurn } from "node:timers/promises";
import { invalid, problem } from "@carnet/core/admin-problem";
import { clientIdOf, type EventRecord } from "@carnet/core/audit/event-record";
import type { EventQuery, StoredEvent } from "@carnet/core/audit/event-store";
import type { EventVisibility } from "@carnet/core/audit/event-visibility";
import { explain } from "@carnet/core/audit/explain";
import { changeOf, type Story } from "@carnet/core/audit/story";
import { hour } from "@carnet/core/audit/usage";
import { isLive, secretStateAt } from "@carnet/core/client/client-secret";
import { adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { changeKinds } from "@carnet/protocol/admin/event-kinds";
import type { Explanation } from "@carnet/protocol/admin/explanation";
import { parseClientId } from "@carnet/protocol/ids";
import { ok } from "@carnet/protocol/result";
import { quoted } from "@carnet/protocol/shell-word";
import { visibilityFor } from "../../audit/audit-reader.ts";
import type { AdminPorts, ReadPorts } from "./admin-ports.ts";
import { saveCounts, unlessBusy } from "./busy.ts";
import { type Operation, operation } from "./operation.ts";

/** Explains why a request was refused. Needs only the scope of auditors. */
export const explainOperation: Operation = operation({
  operationId: "explainRequest",
  tag: "Audit",
  method: "GET",
  path: "/explain",
  scope: adminScopes.readAudit,
  needs: "audit",
  summary: "Explain why a request was refused",
  description:
    "Finds the events of a request by its `X-Request-ID`, and says in plain words what was asked, why it was refused, what has happened to the client since, and what to do next. Searches the store, and the journal of the node that answers.",
  query: "ExplainedRequest",
  success: { status: 200, schema: "Explanation" },
  refusals: ["not_found"],
  run: async ({ query: { request_id } }, readPorts) => {
    const { caller } = readPorts.authority;
    const ports = { ...readPorts, visibility: visibilityFor(caller, readPorts.audit) };
    if (!/^[\x21-\x7e]{1,128}$/.test(request_id)) return invalid([{ pointer: "/request_id", detail: notAnId }]);
    await saveCounts(ports); // else the store names the client of a refusal up to a second later
    const found = await unlessBusy(eventsOf(request_id, ports));
    if (!found.ok) return found;
    const [event, ...others] = found.value;
    if (event === undefined) return problem("not_found", notFound(ports));
    const { what, next, ...explanation } = explain({
      ...(await storyOf(event, ports)),
      foreign: await foreignOf(event, ports),
    });
    const listed = others.slice(0, maxOthers);
    const body: Explanation = {
      ...{ request_id, what: [what, ...remarksOn(event, { others, ports })].join("; "), ...explanation },
      next: [...next, ...(listed.length < others.length ? [searchStep(request_id)] : [])],
      event: { ...event },
      others: listed.map((one) => ({ ...one })),
    };
    return ok({ body });
  },
});

interface ExplainPorts extends ReadPorts {
  /** undefined: the caller may see everything. */
  readonly visibility: EventVisibility | undefined;
}

const maxOthers = 19;

/** Strangers can send any request id as often as they like, so only so many of its events are read. */
const maxRead = 500;

/**
 * The events of a request: changes first, then those of proven actors, so that requests of strangers with the same id
 * hide neither; the newest first. The store's copy of a refusal is preferred, because it names the client.
 */
async function eventsOf(requestId: string, { audit, visibility }: ExplainPorts): Promise<readonly EventRecord[]> {
  const query = { ...everything, requestId, limit: maxRead, ...(visibility && { visibleTo: visibility.caller }) };
  const [journal, stored, changes] = await Promise.all([
    audit.journal?.search(query, visibility),
    audit.events.search(query),
    audit.events.search({ ...query, kinds: changeKinds, limit: 1 + maxOthers }),
  ]);
  const inStore = await visibleOf([...stored, ...changes], visibility);
  const unique = new Map([...(journal?.events ?? []), ...inStore].map((event) => [event.id, event]));
  return [...unique.values()]
    .sort((left, right) => right.at - left.at)
    .map(({ json }) => recordOf(json))
    .sort((left, right) => rankOf(left) - rankOf(right));
}

const visibleOf = (
  events: readonly StoredEvent[],
  visibility: EventVisibility | undefined,
): readonly StoredEvent[] | Promise<readonly StoredEvent[]> => visibility?.visible(events) ?? events;

const rankOf = ({ objects, actor }: EventRecord): number =>
  objects !== undefined ? 0 : actor.type !== "unknown" ? 1 : 2;

/** Where the event was recorded, and how many others there are. */
function remarksOn(
  { node }: EventRecord,
  { others, ports }: { readonly others: readonly EventRecord[]; readonly ports: AdminPorts },
): readonly string[] {
  const count = `${others.length < maxRead - 1 ? "" : "at least "}${others.length}`;
  const isOne = others.length === 1;
  return [
    ...(node === ports.node ? [] : [`the node ${node} answered it`]),
    ...(others.length === 0 ? [] : [`${count} other ${isOne ? "event has" : "events have"} the same request id`]),
  ];
}

const searchStep = (requestId: string): string =>
  `only some of the events with this request id are listed, because callers can choose the id: list them with \`carnet audit search --request-id ${quoted(requestId)}\`, and narrow the search with \`--client\` or \`--kind\``;

async function storyOf(event: EventRecord, ports: ExplainPorts): Promise<Story> {
  const { audit, store, uses, clock, visibility } = ports;
  const now = clock.now();
  const clientId = parseClientId(clientIdOf(event) ?? "");
  if (!clientId.ok || (await visibility?.sees(clientId.value)) === false)
    return { event, now, liveSecrets: 0, changes: [], refusals: [] };
  const at = Date.parse(event.time);
  const ofClient = { ...everything, clientId: clientId.value };
  const [client, later, earlier, refusals] = await Promise.all([
    store.find(clientId.value),
    changesOf(clientId.value, { since: at + 1, enough: 3 }, ports),
    changesOf(clientId.value, { until: at + 1, enough: 100 }, ports),
    audit.events.search({ ...ofClient, kinds: ["token_refused"], since: at - hour, until: at + hour, limit: 1000 }),
  ]);
  const secrets = (client?.secrets ?? []).map((secret) => ({ secret, lastUse: uses.lastOf(secret) }));
  return {
    ...{ event, client, now },
    liveSecrets: secrets.filter(({ secret, lastUse }) => isLive(secretStateAt(secret, now, lastUse))).length,
    lastUse: secrets.flatMap(({ lastUse }) => lastUse ?? []).sort((left, right) => right.at - left.at)[0],
    changes: [...later, ...earlier],
    refusals: (await visibleOf(refusals, visibility)).map(({ json }) => recordOf(json)),
  };
}

/** The client that did not exist for the refused caller. A team's view of its own refusals has no rule, so none here. */
async function foreignOf({ rule, target }: EventRecord, { store, owners }: ExplainPorts): Promise<Story["foreign"]> {
  if (rule !== "foreign_owner" || target == null) return undefined;
  for (const text of [target, target.replace(/\/[a-z0-9]{16}$/, "")]) {
    const id = parseClientId(text);
    const client = id.ok ? await store.find(id.value) : undefined;
    if (client === undefined) continue;
    const { clientId, role } = client;
    return { clientId, owner: role === null ? await owners.find(client.owner) : undefined };
  }
  return undefined;
}

/** A client that administers others can have acted very often since it was changed. */
const pages = { size: 100, max: 20 } as const;

/** The newest changes of a client, past what it did to others. Lets requests run between two pages. */
async function changesOf(
  clientId: string,
  { enough, ...range }: { readonly since?: number; readonly until?: number; readonly enough: number },
  { audit: { events }, visibility }: ExplainPorts,
): Promise<readonly EventRecord[]> {
  const query = { ...everything, ...range, clientId, kinds: changeKinds, limit: pages.size };
  const found: EventRecord[] = [];
  let before: EventQuery["before"] = null;
  for (let page = 0; page < pages.max && found.length < enough; page++, await endOfTurn()) {
    const named = await events.search({ ...query, before });
    const visible = await visibleOf(named, visibility);
    found.push(...visible.flatMap(({ json }) => changeOf(clientId, recordOf(json)) ?? []));
    const last = named.at(-1);
    if (last === undefined || named.length < pages.size) break;
    before = { at: last.at, id: last.id };
  }
  return found;
}

const notAnId = "must be 1 to 128 visible ASCII characters: copy the X-Request-ID of the answer";

const everything: Omit<EventQuery, "limit"> = {
  ...{ clientId: null, actor: null, requestId: null, kinds: [] },
  ...{ since: null, until: null, before: null },
};

/** An event without the hash of the line before it, which says nothing about the event. */
function recordOf(json: string): EventRecord {
  const { prev: _prev, ...event } = JSON.parse(json);
  return event;
}

const notFound = ({ audit, refusalsMaxAge }: AdminPorts): string =>
  `no event has this request id. Searched: changes and refusals in the store, which keeps refusals of known clients for at most ${refusalsMaxAge} days, ` +
  (audit.journal === undefined
    ? "but no journal, because this node writes it to standard output: search there"
    : "and the journal of this node. The journals of other nodes are not searched: ask each node (`carnet explain --server-url`), or search where they are collected");
