import type { ClientId } from "@carnet/protocol/ids";
import type { AuditEvent, EventKind } from "./event.ts";

/**
 * Events in the store: changes, which the other stores insert in the transaction of the change, and recent refusals of
 * known clients. An event that is read has the form of a line of the journal: JSON, with snake_case names.
 */
export interface EventStore {
  /** Stores an event that is not part of a change, such as a repeated request. */
  append(event: AuditEvent): Promise<void>;
  /** The newest matching events, newest first. */
  search(query: EventQuery): Promise<readonly StoredEvent[]>;
  /** Deletes events of changes before this instant, and the oldest ones beyond a bound. Returns how many. */
  trim(before: number): Promise<number>;
}

export interface StoredEvent {
  readonly id: string;
  readonly at: number;
  readonly event: EventKind;
  /** The JSON of the event, as in the journal but without the hash. */
  readonly json: string;
}

/** The order of a search. Events of the same millisecond are ordered by id. */
export const newestFirst = (left: StoredEvent, right: StoredEvent): number =>
  right.at - left.at || (left.id < right.id ? 1 : -1);

/** A caller that is bound to named owners. */
export interface NamedCaller {
  readonly clientId: ClientId | null;
  readonly owners: readonly string[];
}

/** Every condition that is not null must hold. */
export interface EventQuery {
  /** Events that name this client: as the one that acted, or as the one that was changed. */
  readonly clientId: string | null;
  /** Events of this actor: a client id, or `cli`, `service` or `unknown`. */
  readonly actor: string | null;
  readonly requestId: string | null;
  /** Empty: every kind. */
  readonly kinds: readonly EventKind[];
  /** Milliseconds since the epoch; at or after. */
  readonly since: number | null;
  /** Milliseconds since the epoch; before. */
  readonly until: number | null;
  /** Only events before this one: the last one of the previous page. */
  readonly before: { readonly at: number; readonly id: string } | null;
  /**
   * For a caller over named owners: the store may leave out what names none of its clients and owners, and was not done
   * by it. What is left needs `EventVisibility`.
   */
  readonly visibleTo?: NamedCaller;
  readonly limit: number;
}
