import type { Actor, AuditEvent, ChangedObject, ChangeKind, ObjectsChanged } from "./event.ts";

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
  readonly requestId: string | null;
  readonly address: string | null;
}

/** What an administrative function needs to record its change. */
export interface ChangeRecorderPorts {
  readonly recorder: Recorder;
  readonly eventIds: EventIds;
  readonly origin: ChangeOrigin;
}

/** The event of a change that is about to be stored. */
export const changed = (
  { at, objects, warning = null }: { at: number; objects: readonly ChangedObject[]; warning?: string | null },
  { eventIds, origin }: Pick<ChangeRecorderPorts, "eventIds" | "origin">,
): ObjectsChanged => ({ id: eventIds.next(), at, ...origin, outcome: "done", objects, warning });
