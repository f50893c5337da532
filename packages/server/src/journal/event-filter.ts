import type { EventQuery, StoredEvent } from "@carnet/core/audit/event-store";
import { isOtherActor } from "@carnet/core/audit/named-clients";
import { changeKinds, eventKinds } from "@carnet/protocol/admin/event-kinds";
import { names } from "./block-index.ts";
import { eventOf } from "./chain.ts";
import { newline } from "./plain-blocks.ts";
import { byteText, type RecordHead, readHead } from "./record-head.ts";

/** A query, prepared so that lines are rejected by comparing bytes. */
export class EventFilter {
  /** A block can match only if it contains at least one name of each group. */
  readonly names: readonly (readonly string[])[];
  readonly #query: EventQuery;
  readonly #requestId: string | undefined;
  readonly #actor: { readonly type: string; readonly clientId: string | undefined } | undefined;
  /** A line can match only if it contains at least one of each group. Those of the first group are searched for. */
  readonly #needles: readonly (readonly Buffer[])[];

  /** `clientIds`: an event of the token endpoint must name at least one of them. */
  constructor(query: EventQuery, clientIds?: readonly string[]) {
    this.#query = query;
    const { kinds } = query;
    this.#requestId = query.requestId === null ? undefined : byteText(query.requestId);
    this.#actor = query.actor === null ? undefined : actorOf(query.actor);
    const ofKinds = (name: (kind?: string) => string): string[] => (kinds.length === 0 ? [name()] : kinds.map(name));
    const client = query.clientId === null ? undefined : byteText(query.clientId);
    const [requestId, actor] = [this.#requestId, this.#actor];
    this.names = [
      requestId === undefined ? [] : [names.request(requestId)],
      client === undefined ? [] : ofKinds((kind) => names.client(client, kind)),
      actor === undefined ? [] : ofKinds((kind) => names.actor(actor.type, actor.clientId, kind)),
      kinds.map(names.event),
      clientIds === undefined ? [] : namesForCaller(query, clientIds),
    ].filter(isNotEmpty);
    this.#needles = [
      requestId === undefined ? [] : [`"request_id":${requestId}`],
      client === undefined ? [] : [`"client_id":${client}`],
      actor === undefined ? [] : [actorText(actor)],
      kinds.map((kind) => `"event":"${kind}"`),
    ]
      .filter(isNotEmpty)
      .map((group) => group.map((needle) => Buffer.from(needle, "latin1")));
  }

  /** The lines of a block that may match, the last one first. */
  candidates(lines: Buffer): Buffer[] {
    if (!this.#needles.every((group) => group.some((needle) => lines.includes(needle)))) return [];
    const [first = [lineEnd], ...others] = this.#needles;
    return first
      .flatMap((needle) => linesWith(needle, lines))
      .filter((line) => others.every((group) => group.some((needle) => line.includes(needle))))
      .reverse();
  }

  /** The event of a candidate, if it matches. `damaged`: it may match, but somebody changed the line. */
  match(line: Buffer): StoredEvent | "damaged" | undefined {
    const head = readHead(line);
    if (head === undefined) return "damaged";
    if (!this.#matchesHead(head)) return undefined;
    const json = eventOf(line.toString());
    const event = parse(json);
    if (event === undefined) return "damaged";
    const { clientId } = this.#query;
    return clientId === null || namesClient(event, clientId)
      ? { id: head.id, at: head.at, event: head.event, json }
      : undefined;
  }

  #matchesHead(head: RecordHead): boolean {
    const { since, until, before, kinds } = this.#query;
    const actor = this.#actor;
    return (
      (since === null || head.at >= since) &&
      (until === null || head.at < until) &&
      (before === null || isNewer(before, head)) &&
      (kinds.length === 0 || kinds.includes(head.event)) &&
      (this.#requestId === undefined || head.requestId === this.#requestId) &&
      (actor === undefined || (head.actorType === actor.type && head.actorClientId === actor.clientId))
    );
  }
}

/** What a block can have that exists for a caller over named owners. */
function namesForCaller({ visibleTo, kinds }: EventQuery, clientIds: readonly string[]): readonly string[] {
  const wanted = kinds.length === 0 ? eventKinds : kinds;
  // Changes may name clients that are gone, by the owner that they had
  const unnamed = wanted.filter((kind) => kind === "admin_refused" || isChange(kind)).map(names.event);
  const ids = [...clientIds, ...(visibleTo?.clientId == null ? [] : [visibleTo.clientId])].map(byteText);
  return [
    ...unnamed,
    ...ids.flatMap((id) => (kinds.length === 0 ? [names.client(id)] : kinds.map((kind) => names.client(id, kind)))),
  ];
}

const isChange = (kind: string): boolean => changeKinds.some((change) => change === kind);

/** Newest first; events of the same millisecond by id. */
export const isNewer = (a: Pick<StoredEvent, "at" | "id">, b: Pick<StoredEvent, "at" | "id">): boolean =>
  a.at === b.at ? a.id > b.id : a.at > b.at;

const lineEnd = Buffer.from([newline]);

function actorOf(actor: string): { type: string; clientId: string | undefined } {
  return isOtherActor(actor) ? { type: actor, clientId: undefined } : { type: "client", clientId: byteText(actor) };
}

const actorText = ({ type, clientId }: { type: string; clientId: string | undefined }): string =>
  `"actor":{"type":"${type}"${clientId === undefined ? "" : `,"client_id":${clientId}`}`;

function linesWith(needle: Buffer, lines: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = lines.indexOf(needle); at !== -1; ) {
    const end = lines.indexOf(newline, at);
    found.push(lines.subarray(at === 0 ? 0 : lines.lastIndexOf(newline, at - 1) + 1, end));
    at = lines.indexOf(needle, end + 1);
  }
  return found;
}

const isNotEmpty = (group: readonly unknown[]): boolean => group.length > 0;

/** Whether a member called `client_id` has this value. Labels can have that name too, so changes do not count. */
function namesClient(value: unknown, clientId: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, member]) =>
    name === "client_id" ? member === clientId : name !== "changes" && namesClient(member, clientId),
  );
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
