import { setImmediate as endOfTurn } from "node:timers/promises";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { Recorder } from "@carnet/core/audit/recorder";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { SecretUses } from "@carnet/core/client/secret-uses";
import type { Journal } from "../journal/journal.ts";

/** Counts or collects events in memory. Does no I/O, because token requests wait for it. */
export interface EventConsumer {
  note(event: AuditEvent): void;
}

/**
 * The one way out for events: into the journal, and from there to everything that counts them. The events of one turn of
 * the event loop share a write, and their requests succeed or fail together.
 */
export function recordEvents(
  journal: Pick<Journal, "record">,
  { uses, consumers = [] }: { readonly uses: SecretUses; readonly consumers?: readonly EventConsumer[] },
): Recorder {
  let collected: AuditEvent[] = [];
  let recorded: Promise<void> | undefined;

  /** Rejects if the events cannot be recorded. Then none of their requests gets a token. */
  async function record(): Promise<void> {
    const events = collected;
    collected = [];
    recorded = undefined;
    await journal.record(events);
    noteUses(events, uses);
    for (const consumer of consumers) for (const event of events) consumer.note(event);
  }

  return {
    record(event) {
      collected.push(event);
      recorded ??= endOfTurn().then(record);
      return recorded;
    },
  };
}

function noteUses(events: readonly AuditEvent[], uses: SecretUses): void {
  // Many uses share a millisecond and an address, and each is kept for seconds, so share the object
  let last: SecretUse = { at: Number.NaN, from: "" };
  for (const event of events) {
    if (event.event !== "token_issued" || event.actor.type !== "client" || event.actor.secretId === null) continue;
    const { at, address } = event;
    if (last.at !== at || last.from !== address) last = { at, from: address ?? "" };
    uses.note(event.actor.secretId, last);
  }
}
