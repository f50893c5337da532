import assert from "node:assert/strict";
import { eventQuery } from "@carnet/testkit/sample-events";
import { startTestService, type TestService, type TestServiceOptions } from "@carnet/testkit/service";

/** An event as a line of the journal has it. */
export interface RecordedEvent {
  readonly event: string;
  readonly outcome: string;
  readonly request_id: string | null;
  readonly actor: Readonly<Record<string, unknown>>;
  readonly address: string | null;
  readonly objects: readonly RecordedObject[];
  readonly [name: string]: unknown;
}

export interface RecordedObject {
  readonly type: string;
  readonly id?: string;
  readonly client_id?: string;
  readonly action: string;
  readonly changes: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>;
}

/** A service whose journal is read from its standard output. */
export const startRecordedService = (options: TestServiceOptions = {}): Promise<TestService> =>
  startTestService({ ...options, settings: { ...options.settings, journal: "stdout" } });

/** Every event in the journal so far. */
export const journalOf = ({ log }: Pick<TestService, "log">): readonly RecordedEvent[] =>
  log.flatMap((line) => {
    const { prev, ...event } = JSON.parse(line);
    return prev === undefined ? [] : [event];
  });

/** The one event that a request left. Throws if it left none, or several. */
export function eventOf(service: Pick<TestService, "log">, requestId: string): RecordedEvent {
  const found = journalOf(service).filter(({ request_id }) => request_id === requestId);
  assert.equal(found.length, 1, `${requestId}: ${JSON.stringify(found)}`);
  return found[0] ?? assert.fail();
}

/** The events of a request in the store. */
export async function storedEventsOf({ server }: TestService, requestId: string): Promise<readonly RecordedEvent[]> {
  const stored = await server.registry.events.search(eventQuery({ requestId }));
  return stored.map(({ json }) => JSON.parse(json));
}
