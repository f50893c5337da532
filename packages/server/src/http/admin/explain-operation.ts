import { invalid, problem } from "@carnet/core/admin-problem";
import { clientIdOf, type EventRecord } from "@carnet/core/audit/event-record";
import type { EventQuery } from "@carnet/core/audit/event-store";
import { explain } from "@carnet/core/audit/explain";
import type { Story } from "@carnet/core/audit/story";
import { isLive, secretStateAt } from "@carnet/core/client/client-secret";
import { adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { changeKinds } from "@carnet/protocol/admin/event-kinds";
import type { Explanation } from "@carnet/protocol/admin/explanation";
import { parseClientId } from "@carnet/protocol/ids";
import { ok } from "@carnet/protocol/result";
import type { AdminPorts } from "./admin-ports.ts";
import { type Operation, operation } from "./operation.ts";

/** Explains why a request was refused. Needs only the scope of auditors. */
export const explainOperation: Operation = operation({
  operationId: "explainRequest",
  tag: "Audit",
  method: "GET",
  path: "/explain",
  scope: adminScopes.readAudit,
  summary: "Explain why a request was refused",
  description:
    "Finds the events of a request by its `X-Request-ID`, and says in plain words what was asked, why it was refused, what has happened to the client since, and what to do next. Searches the store, and the journal of the node that answers.",
  query: "ExplainedRequest",
  success: { status: 200, schema: "Explanation" },
  refusals: ["not_found"],
  run: async ({ query: { request_id } }, ports) => {
    if (!/^[\x21-\x7e]{1,128}$/.test(request_id)) return invalid([{ pointer: "/request_id", detail: notAnId }]);
    await ports.saveCounts(); // else the store names the client of a refusal up to a second later
    const [event, ...others] = await eventsOf(request_id, ports);
    if (event === undefined) return problem("not_found", notFound(ports));
    const { next, ...explanation } = explain(await storyOf(event, ports));
    const body: Explanation = {
      ...{ request_id, ...explanation, next: [...next] },
      event: { ...event },
      others: others.map((one) => ({ ...one })),
    };
    return ok({ body });
  },
});

/** The events of a request, the newest first. The store's copy of a refusal is preferred, because it names the client. */
async function eventsOf(requestId: string, { audit }: AdminPorts): Promise<readonly EventRecord[]> {
  const query = { ...everything, requestId, limit: 20 };
  const [stored, journal = []] = await Promise.all([audit.events.search(query), audit.journal?.search(query)]);
  const unique = new Map([...journal, ...stored].map((event) => [event.id, event]));
  const newestFirst = [...unique.values()].sort((left, right) => right.at - left.at);
  return newestFirst.slice(0, query.limit).map(({ json }) => recordOf(json));
}

async function storyOf(event: EventRecord, { audit, store, uses, clock }: AdminPorts): Promise<Story> {
  const now = clock.now();
  const clientId = parseClientId(clientIdOf(event) ?? "");
  if (!clientId.ok) return { event, now, liveSecrets: 0, changes: [], refusals: [] };
  const at = Date.parse(event.time);
  const ofClient = { ...everything, clientId: clientId.value };
  const [client, changes, refusals] = await Promise.all([
    store.find(clientId.value),
    audit.events.search({ ...ofClient, kinds: changeKinds, limit: 100 }),
    audit.events.search({ ...ofClient, kinds: ["token_refused"], since: at - hour, until: at + hour, limit: 1000 }),
  ]);
  const secrets = (client?.secrets ?? []).map((secret) => ({ secret, lastUse: uses.lastOf(secret) }));
  return {
    ...{ event, client, now },
    liveSecrets: secrets.filter(({ secret, lastUse }) => isLive(secretStateAt(secret, now, lastUse))).length,
    lastUse: secrets.flatMap(({ lastUse }) => lastUse ?? []).sort((left, right) => right.at - left.at)[0],
    changes: changes.map(({ json }) => recordOf(json)),
    refusals: refusals.map(({ json }) => recordOf(json)),
  };
}

const notAnId = "must be 1 to 128 visible ASCII characters: copy the X-Request-ID of the answer";

const hour = 3_600_000;

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
    : "and the journal of this node. The journals of other nodes are not searched: ask each node, or search where they are collected");
