import type { AuditEvent } from "@carnet/core/audit/event";
import type { EventQuery, EventStore, StoredEvent } from "@carnet/core/audit/event-store";
import { isOtherActor, namedClients, searchedActor } from "@carnet/core/audit/named-clients";
import { eventJson } from "@carnet/server/audit/event-json";

/** Events in a list. Has no bound. */
export class MemoryEventStore implements EventStore {
  #events: AuditEvent[] = [];

  async append(event: AuditEvent): Promise<void> {
    this.insert(event);
  }

  /** Adds the event of a change, at the same time as the change. */
  insert(event: AuditEvent): void {
    this.#events.push(event);
  }

  async search(query: EventQuery): Promise<readonly StoredEvent[]> {
    return this.#events
      .filter((event) => matches(event, query))
      .sort((left, right) => right.at - left.at || (left.id < right.id ? 1 : -1))
      .slice(0, query.limit)
      .map((event) => ({ id: event.id, at: event.at, event: event.event, json: eventJson(event, "test") }));
  }

  async trim(before: number): Promise<number> {
    const young = this.#events.findIndex(({ at }) => at >= before);
    return this.#events.splice(0, young === -1 ? this.#events.length : young).length;
  }
}

function matches(event: AuditEvent, { clientId, actor, requestId, kinds, since, until, before }: EventQuery): boolean {
  const { id, at } = event;
  return (
    (clientId === null || namedClients(event).has(clientId)) &&
    (actor === null || (searchedActor(event) === actor && (event.actor.type === "client") !== isOtherActor(actor))) &&
    (requestId === null || event.requestId === requestId) &&
    (kinds.length === 0 || kinds.includes(event.event)) &&
    (since === null || at >= since) &&
    (until === null || at < until) &&
    (before === null || at < before.at || (at === before.at && id < before.id))
  );
}
