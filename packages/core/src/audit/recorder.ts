import type { IdempotencyRecord } from "../idempotency-record.ts";
import type { Actor, AuditEvent, ChangedObject, ChangeKind, ObjectsChanged, RecordedRole } from "./event.ts";

/** Records events. An answer is sent only after its event is recorded; throws, or rejects, if it cannot be. */
export interface Recorder {
  record(event: AuditEvent): void | Promise<void>;
}

/** Draws the ids of events. */
export interface EventIds {
  next(): string;
}

/** Who asked for a change, and how. */
export interface ChangeOrigin {
  readonly event: ChangeKind;
  readonly actor: Actor;
  readonly role: RecordedRole | null;
  readonly requestId: string | null;
  readonly address: string | null;
}

/** For what the service does by itself. */
export const serviceOrigin = (event: ChangeKind): ChangeOrigin => ({
  event,
  actor: { type: "service" },
  role: null,
  requestId: null,
  address: null,
});

/** For commands that work on the store directly. */
export const cliOrigin = (event: ChangeKind): ChangeOrigin => ({ ...serviceOrigin(event), actor: { type: "cli" } });

/** What an administrative function needs to record its change. */
export interface ChangeRecorderPorts {
  readonly recorder: Recorder;
  readonly eventIds: EventIds;
  readonly origin: ChangeOrigin;
}

/** What is stored in the transaction of a change: its event, and the record of a request with an `Idempotency-Key`. */
export interface StoredWithChange {
  readonly event: ObjectsChanged;
  readonly record?: IdempotencyRecord | undefined;
}

/** The event of a change that is about to be stored. */
export const changed = (
  { at, objects, warning = null }: { at: number; objects: readonly ChangedObject[]; warning?: string | null },
  { eventIds, origin }: Pick<ChangeRecorderPorts, "eventIds" | "origin">,
): ObjectsChanged => ({ id: eventIds.next(), at, ...origin, outcome: "done", objects, warning });
