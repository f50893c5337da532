import type { ClientId } from "@carnet/protocol/ids";
import type { EventKind } from "./event.ts";
import type { Counts } from "./usage.ts";

/** Stores recent refusals of known clients, and counts those of unknown callers by hour and address block. */
export interface RefusalStore {
  /** Which of these clients exist. */
  existing(clientIds: readonly string[]): Promise<ReadonlySet<ClientId>>;
  /**
   * Adds refusals and counts, all or nothing. Deletes the oldest refusals of a client that has too many, and those of
   * unproven callers first.
   */
  write(batch: RefusalBatch): Promise<void>;
  /** Deletes what is too old, and of what is too much those of unproven callers first. */
  trim(now: number): Promise<void>;
  /** The address blocks with the most refusals of unknown callers since an instant. */
  unknownCallers(since: number, limit: number): Promise<readonly UnknownCallers[]>;
}

export interface RefusalBatch {
  readonly refusals: readonly StoredRefusal[];
  /** Counts by address block, by the start of the hour. */
  readonly unknown: ReadonlyMap<number, Counts>;
}

export interface StoredRefusal {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: EventKind;
  readonly requestId: string | null;
  readonly clientId: ClientId;
  /** Whether the caller has proved to be the client. Anybody can send its id. */
  readonly isProven: boolean;
  /** A client id, or the type of another actor. */
  readonly actor: string;
  readonly reason: string;
  readonly json: string;
}

export interface UnknownCallers {
  /** Such as `203.0.113.0/24`; `other`: blocks that were not counted one by one. */
  readonly addressBlock: string;
  readonly count: number;
  /** The hours of the first and the last refusal, in milliseconds since the epoch. */
  readonly firstHour: number;
  readonly lastHour: number;
}
