import type { ServiceStarted, ServiceStopped } from "@carnet/core/audit/event";
import type { EventIds, Recorder } from "@carnet/core/audit/recorder";
import type { Clock } from "@carnet/core/ports";
import { JournalUnavailable } from "../journal/journal.ts";

/** Records what has happened already: a journal that cannot be written counts it as lost, and nothing is refused. */
export const recordIfPossible = (recorder: Recorder): Recorder => ({
  async record(event) {
    try {
      await recorder.record(event);
    } catch (error) {
      if (!(error instanceof JournalUnavailable)) throw error;
    }
  },
});

interface ServiceEventPorts {
  readonly recorder: Recorder;
  readonly eventIds: EventIds;
  readonly clock: Clock;
}

/** Records that the service started and stopped. */
export function createServiceEvents({ recorder, eventIds, clock }: ServiceEventPorts) {
  const facts = () => ({
    id: eventIds.next(),
    at: clock.now(),
    requestId: null,
    actor: { type: "service" } as const,
    address: null,
  });
  return {
    started: (about: Pick<ServiceStarted, "version" | "issuer">) =>
      recorder.record({ event: "service_started", ...facts(), ...about }),
    stopped: (about: Pick<ServiceStopped, "cutOff">) =>
      recorder.record({ event: "service_stopped", ...facts(), ...about }),
  };
}
