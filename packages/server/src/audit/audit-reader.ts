import type { EventQuery, EventStore, StoredEvent } from "@carnet/core/audit/event-store";
import { type FoundInJournal, type JournalReader, maxPageSize } from "../journal/journal-reader.ts";
import { isLarge } from "../journal/page.ts";

/** How many events are read from the store at a time: they can have a megabyte each. */
const partLimit = 50;

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
  /** The files of the journal that cannot be read, so that events in them may be missing. */
  readonly unread: readonly string[];
}

/**
 * Searches everything that this node can see: changes and recent refusals of all nodes in the store, and its own
 * journal. An event that is in both is answered once, as the store has it: there a refusal names the client whose id was
 * sent. A page holds at least one event, and no further ones beyond `maxPageSize`.
 */
export async function searchEvents(query: EventQuery, { events, journal }: AuditPorts): Promise<EventPage> {
  const more = { ...query, limit: query.limit + 1 };
  const [stored, written] = await Promise.all([searchInParts(more, events), journal?.search(more) ?? nothing]);
  const unique = new Map([...written.events, ...stored].map((event) => [event.id, event]));
  const matching = [...unique.values()].sort(newestFirst);
  const page = firstPage(matching, query.limit);
  const last = page.at(-1);
  return {
    events: page,
    next: last === undefined || page.length === matching.length ? null : { at: last.at, id: last.id },
    unread: written.unread,
  };
}

const nothing: FoundInJournal = { events: [], unread: [] };

/** Reads the store until there are enough events for a page. */
async function searchInParts(query: EventQuery, events: AuditPorts["events"]): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (let size = 0; !isLarge(found.length, size) && found.length < query.limit; ) {
    const limit = Math.min(partLimit, query.limit - found.length);
    const part = await events.search({ ...query, before: found.at(-1) ?? query.before, limit });
    found.push(...part);
    size += part.reduce((sum, { json }) => sum + json.length, 0);
    if (part.length < limit) break;
  }
  return found;
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
    return size > maxPageSize && at > 0;
  });
  return end === -1 ? page : page.slice(0, end);
}
