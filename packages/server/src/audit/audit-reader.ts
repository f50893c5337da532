import type { EventQuery, EventStore, StoredEvent } from "@carnet/core/audit/event-store";
import type { JournalReader } from "../journal/journal-reader.ts";

/** A page holds at least one event, and no further ones beyond this many characters: an import can name 500 clients. */
const pageSize = 4 * 1024 * 1024;

export interface AuditPorts {
  readonly events: Pick<EventStore, "search">;
  /** undefined: the journal goes to standard output. */
  readonly journal: JournalReader | undefined;
}

export interface EventPage {
  /** The newest first. */
  readonly events: readonly StoredEvent[];
  /** What the next page comes before. null: there are no more. */
  readonly next: EventQuery["before"];
}

/**
 * Searches everything that this node can see: changes and recent refusals of all nodes in the store, and its own
 * journal. An event that is in both is answered once.
 */
export async function searchEvents(query: EventQuery, { events, journal }: AuditPorts): Promise<EventPage> {
  const more = { ...query, limit: query.limit + 1 };
  const found = await Promise.all([events.search(more), journal?.search(more) ?? []]);
  const unique = new Map(found.flat().map((event) => [event.id, event]));
  const matching = [...unique.values()].sort(newestFirst);
  const page = firstPage(matching, query.limit);
  const last = page.at(-1);
  return {
    events: page,
    next: last === undefined || page.length === matching.length ? null : { at: last.at, id: last.id },
  };
}

function newestFirst(one: StoredEvent, other: StoredEvent): number {
  if (one.at !== other.at) return other.at - one.at;
  return one.id < other.id ? 1 : -1;
}

function firstPage(events: readonly StoredEvent[], limit: number): readonly StoredEvent[] {
  let size = 0;
  const page = events.slice(0, limit);
  const end = page.findIndex(({ json }, at) => {
    size += json.length;
    return size > pageSize && at > 0;
  });
  return end === -1 ? page : page.slice(0, end);
}
