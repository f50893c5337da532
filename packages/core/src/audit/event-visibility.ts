import type { EventRecord } from "./event-record.ts";
import type { EventQuery, NamedCaller, StoredEvent } from "./event-store.ts";
import { isOtherActor } from "./named-clients.ts";

/** What decides whether a client exists for a caller. */
export interface ClientStanding {
  readonly owner: string;
  readonly isAdmin: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface ClientStandings {
  /** Of these clients, those that exist. */
  find(clientIds: readonly string[]): Promise<ReadonlyMap<string, ClientStanding>>;
  /** The clients of these owners that are no admin clients. undefined: there are more than the limit. */
  list(owners: readonly string[], limit: number): Promise<readonly string[] | undefined>;
  /** When each of these owners was made, in milliseconds since the epoch. Leaves out those that do not exist. */
  owners(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

type Conditions = Pick<EventQuery, "clientId" | "actor">;

/** Clients that one search remembers, some megabytes. */
const maxKnown = 10_000;

/** With more names, hardly any block of a journal could be ruled out. Teams with more clients find events in most blocks. */
const maxToFind = 100;

/**
 * Decides which events exist for a caller over named owners: those of its own calls, and those that name nothing but its
 * clients and owners. A client counts from when it was registered, while it exists and belongs to the owners. A change of
 * one that is gone, or was registered again, counts if it recorded an owner of the caller. An owner counts from when it
 * was made, because an earlier one of the same name may have been another team.
 * Looks each client up once in a search, many at a time.
 */
export class EventVisibility {
  readonly caller: NamedCaller;
  readonly #standings: ClientStandings;
  readonly #asked: Conditions;
  readonly #known = new Map<string, ClientStanding | undefined>();
  #owners: ReadonlyMap<string, number> = new Map();

  constructor(caller: NamedCaller, standings: ClientStandings, asked: Conditions = { clientId: null, actor: null }) {
    this.caller = caller;
    this.#standings = standings;
    this.#asked = asked;
  }

  /** The same, but only events of this client and actor. */
  matching(asked: Conditions): EventVisibility {
    return new EventVisibility(this.caller, this.#standings, asked);
  }

  /** The events that exist for the caller, in the same order, without what it must not learn from them. */
  async visible(events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> {
    const parsed = events.map((stored) => ({ stored, record: parse(stored.json) }));
    if (this.#owners.size === 0) this.#owners = await this.#standings.owners(this.caller.owners);
    const named = parsed.flatMap(({ record }) => (record === undefined ? [] : clientsOf(record)));
    await this.#lookUp(this.caller.clientId === null ? named : [this.caller.clientId, ...named]);
    return parsed.flatMap(({ stored, record }) => {
      if (record === undefined) return [];
      const received = this.#withoutFormerOwner(record);
      const others = this.#names(received) ? withoutRefused(received) : undefined;
      const view = this.#isOwnCall(record) ? this.#ownView(record) : others;
      if (view === undefined) return [];
      if (!matches(view, this.#asked)) return [];
      const shown = this.#withOwnOwners(view);
      return [shown === record ? stored : { ...stored, json: JSON.stringify(shown) }];
    });
  }

  /** The clients of the owners, to find their events by an index. undefined: they are too many for that. */
  clientsToFind(): Promise<readonly string[] | undefined> {
    return this.#standings.list(this.caller.owners, maxToFind);
  }

  /** Whether a client exists for the caller now. */
  async sees(clientId: string): Promise<boolean> {
    await this.#lookUp([clientId]);
    return clientId === this.caller.clientId || this.#isOwn(clientId, Number.POSITIVE_INFINITY);
  }

  /** An earlier client with the id of the caller may have seen more than it. */
  #isOwnCall({ actor, time }: EventRecord): boolean {
    if (actor.type !== "client" || actor.client_id !== this.caller.clientId) return false;
    const since = this.#known.get(actor.client_id)?.createdAt ?? Number.POSITIVE_INFINITY;
    return since <= Date.parse(time);
  }

  /** Whether an event names something, and nothing that is foreign. */
  #names(event: EventRecord): boolean {
    if (event.event === "admin_refused") return this.#isOwnTarget(event);
    const at = Date.parse(event.time);
    const clients = clientsOf(event);
    const owners = ownersOf(event);
    return (
      clients.length + owners.length > 0 &&
      owners.every((owner) => this.#owns(owner, at)) &&
      clients.every((clientId) => this.#isOwn(clientId, at) || this.#wasOwn(clientId, event))
    );
  }

  /** Whether an event recorded a client under an owner of the caller, and nobody else has its id now. */
  #wasOwn(clientId: string, { objects = [] }: EventRecord): boolean {
    const standing = this.#known.get(clientId);
    if (standing !== undefined && !this.#isOwn(clientId, Number.POSITIVE_INFINITY)) return false;
    const recorded = objects.filter((object) => object.client_id === clientId);
    return (
      recorded.length > 0 && recorded.every(({ owner }) => owner !== undefined && this.caller.owners.includes(owner))
    );
  }

  #isOwnTarget(event: EventRecord): boolean {
    const at = Date.parse(event.time);
    if (!this.#owns(event.target_owner, at)) return false;
    return clientsOf(event).some((clientId) => this.#isOwn(clientId, at));
  }

  /** A foreign target looks like one that does not exist. */
  #ownView(event: EventRecord): EventRecord {
    const { target, target_owner: owner, rule } = event;
    const isScope = owner === null;
    const isOwnOwner = target === owner && this.#owns(owner, Date.parse(event.time));
    const isSelf = clientsOf(event).includes(this.caller.clientId ?? "");
    const isShown = isScope || isOwnOwner || isSelf || this.#isOwnTarget(event);
    if (target == null || (isShown && rule !== "foreign_owner")) return event;
    return { ...event, rule: rule === "foreign_owner" ? null : (rule ?? null), target: null, target_owner: null };
  }

  /** A transfer to an owner of the caller does not tell which owner the client came from. */
  #withoutFormerOwner(event: EventRecord): EventRecord {
    const at = Date.parse(event.time);
    const objects = event.objects?.map((object) => {
      const { before, after } = object.changes["owner"] ?? {};
      const isReceived = this.#owns(object.owner, at) && typeof before === "string" && !this.#owns(before, at);
      if (!isReceived || after === undefined) return object;
      return { ...object, changes: { ...object.changes, owner: { before: null, after } } };
    });
    return objects?.some((object, index) => object !== event.objects?.[index]) ? { ...event, objects } : event;
  }

  /** The actor may be bound to owners that do not exist for the caller. */
  #withOwnOwners(event: EventRecord): EventRecord {
    const { role } = event;
    const own = role?.owners?.filter((owner) => this.caller.owners.includes(owner));
    if (role == null || own === undefined || own.length === role.owners?.length) return event;
    return { ...event, role: { ...role, owners: own } };
  }

  #owns(owner: string | null | undefined, at: number): boolean {
    return (this.#owners.get(owner ?? "") ?? Number.POSITIVE_INFINITY) <= at;
  }

  #isOwn(clientId: string, at: number): boolean {
    const standing = this.#known.get(clientId);
    if (standing === undefined || standing.isAdmin) return false;
    return standing.createdAt <= at && this.caller.owners.includes(standing.owner);
  }

  async #lookUp(clientIds: readonly string[]): Promise<void> {
    if (this.#known.size + clientIds.length > maxKnown) this.#known.clear();
    const missing = new Set(clientIds.filter((clientId) => !this.#known.has(clientId)));
    if (missing.size === 0) return;
    const found = await this.#standings.find([...missing]);
    for (const clientId of missing) this.#known.set(clientId, found.get(clientId));
  }
}

/** The refused clients of an import may belong to other owners, and the event does not say which they are. */
function withoutRefused(event: EventRecord): EventRecord {
  if (event.refused === undefined) return event;
  const { refused: _refused, ...rest } = event;
  return rest;
}

/** Whether an event names a client, and was done by an actor, as the stores and the journal compare them. */
function matches({ actor, client_id, facts, objects = [] }: EventRecord, asked: Conditions): boolean {
  const actorId = actor.type === "client" ? actor.client_id : undefined;
  const named = [actorId, client_id, facts?.["client_id"], ...objects.map((object) => object.client_id)];
  if (asked.clientId !== null && !named.includes(asked.clientId)) return false;
  if (asked.actor === null) return true;
  return isOtherActor(asked.actor) ? actor.type === asked.actor : actorId === asked.actor;
}

const tokenKinds: readonly string[] = ["token_issued", "token_returned", "token_refused"];

/** The clients that an event names, except for the one that made an admin call. */
function clientsOf({ event, actor, client_id, facts, objects = [], target }: EventRecord): readonly string[] {
  const proven = actor.type === "client" && tokenKinds.includes(event) ? actor.client_id : undefined;
  const named = [proven, client_id, facts?.["client_id"], ...objects.map((object) => object.client_id)];
  return [...named, ...targetsOf(target ?? undefined)].filter((clientId) => clientId != null);
}

/** A target is a client or `<client>/<secret>`. A client id can look like that, too. */
const targetsOf = (target: string | undefined): readonly string[] =>
  target === undefined ? [] : [target, ...(/^.+(?=\/[a-z0-9]{16}$)/.exec(target) ?? [])];

/** The owners that an event names. A transfer names two. */
const ownersOf = ({ objects = [] }: EventRecord): readonly string[] =>
  objects.flatMap(({ type, owner, changes }) => {
    const before = type === "client" ? changes["owner"]?.before : undefined;
    return [...(owner === undefined ? [] : [owner]), ...(typeof before === "string" ? [before] : [])];
  });

/** undefined: somebody changed the file of the journal, which verification will name. */
function parse(json: string): EventRecord | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
