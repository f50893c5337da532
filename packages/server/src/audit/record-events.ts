import type { AuditEvent } from "@carnet/core/audit/event";
import type { Recorder } from "@carnet/core/audit/recorder";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { SecretUses } from "@carnet/core/client/secret-uses";

/** Counts or collects events in memory. Does no I/O, because token requests wait for it. */
export interface EventConsumer {
  note(event: AuditEvent): void;
}

/** The one way out for events: into the journal, and from there to everything that counts them. */
export function recordEvents(
  journal: Recorder,
  { uses, consumers = [] }: { readonly uses: SecretUses; readonly consumers?: readonly EventConsumer[] },
): Recorder {
  // Many uses share a millisecond and an address, and each is kept for seconds, so share the object
  let last: SecretUse = { at: Number.NaN, from: "" };
  return {
    record(event) {
      const recorded = journal.record(event); // throws if the event cannot be recorded, and so no token is issued
      if (event.event === "token_issued" && event.actor.type === "client" && event.actor.secretId !== null) {
        const { at, address } = event;
        if (last.at !== at || last.from !== address) last = { at, from: address ?? "" };
        uses.note(event.actor.secretId, last);
      }
      for (const consumer of consumers) consumer.note(event);
      return recorded;
    },
  };
}
