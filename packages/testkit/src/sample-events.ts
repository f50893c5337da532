import type { AuditEvent, ObjectsChanged } from "@carnet/core/audit/event";
import type { EventQuery, EventStore } from "@carnet/core/audit/event-store";
import { cliOrigin } from "@carnet/core/audit/recorder";
import type { StoredWithClients } from "@carnet/core/client/client-store";
import type { IdempotencyRecord } from "@carnet/core/idempotency-record";
import type { Owner } from "@carnet/core/owner/owner";

/** Events for tests of stores. */

let made = 0;

/** An event of a change, with an id of its own. */
export const eventWith = (parts: Partial<ObjectsChanged> = {}): ObjectsChanged => ({
  ...cliOrigin("client_changed"),
  id: `sample-${String(++made).padStart(8, "0")}`,
  at: Date.UTC(2026, 10, 21, 12),
  outcome: "done",
  objects: [],
  warning: null,
  ...parts,
});

/** What a store is given with a change that a test does not look at. */
export const withEvent = (record?: IdempotencyRecord, owners: readonly Owner[] = []): StoredWithClients => ({
  event: eventWith(),
  record,
  owners,
});

export const eventQuery = (conditions: Partial<EventQuery> = {}): EventQuery => ({
  clientId: null,
  actor: null,
  requestId: null,
  kinds: [],
  since: null,
  until: null,
  before: null,
  limit: 1000,
  ...conditions,
});

/** The ids of the events that a query finds. */
export const idsOfEvents = async (
  events: EventStore,
  conditions: Partial<EventQuery> = {},
): Promise<readonly AuditEvent["id"][]> => (await events.search(eventQuery(conditions))).map(({ id }) => id);
