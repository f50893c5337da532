import { setImmediate as endOfTurn } from "node:timers/promises";
import type { AdminCaller } from "@carnet/core/admin/admin-caller";
import { type EventQuery, type EventStore, newestFirst, type StoredEvent } from "@carnet/core/audit/event-store";
import { type ClientStandings, EventVisibility } from "@carnet/core/audit/event-visibility";
import { type FoundInJournal, type JournalReader, maxPageSize } from "../journal/journal-reader.ts";
import { isLarge } from "../journal/page.ts";

/** How many events are read from the store at a time: they can have a megabyte each. */
const partLimit = 50;

export interface AuditPorts {
  readonly events: Pick<EventStore, "search">;
  /** undefined: the journal goes to standard output. */
  readonly journal: JournalReader | undefined;
  readonly standings: ClientStandings;
}

/** What exists for a caller. undefined: everything. */
export const visibilityFor = (
  { clientId, owners }: AdminCaller,
  { standings }: Pick<AuditPorts, "standings">,
): EventVisibility | undefined => (owners === null ? undefined : new EventVisibility({ clientId, owners }, standings));

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
 * sent. A page holds at least one event, and stops at `maxPageSize`.
 *
 * With a visibility, a page is as full, and its end says nothing about hidden events. It then costs at most one pass
 * over the rows of the store, and over the blocks of the journal that can name a client of the caller.
 */
export async function searchEvents(
  asked: EventQuery,
  { events, journal }: Pick<AuditPorts, "events" | "journal">,
  visibility?: EventVisibility,
): Promise<EventPage> {
  const query = visibility === undefined ? asked : await visibleQuery(asked, visibility);
  const more = { ...query, limit: query.limit + 1 };
  const matching = visibility?.matching(asked);
  const [stored, written] = await Promise.all([
    searchInParts(more, events, matching),
    journal?.search(more, matching) ?? nothing,
  ]);
  const unique = new Map([...written.events, ...stored].map((event) => [event.id, event]));
  const found = [...unique.values()].sort(newestFirst);
  const page = firstPage(found, query.limit);
  const last = page.at(-1);
  return {
    events: page,
    next: last === undefined || page.length === found.length ? null : { at: last.at, id: last.id },
    unread: written.unread,
  };
}

/**
 * What the indexes may be asked for a caller over named owners: at most one client that it can see. Its other conditions
 * are compared with the events that it can see. Else the time would tell how many events another id has.
 */
async function visibleQuery(query: EventQuery, visibility: EventVisibility): Promise<EventQuery> {
  const seen: string[] = [];
  for (const id of [query.clientId, query.actor]) if (id !== null && (await visibility.sees(id))) seen.push(id);
  return { ...query, clientId: seen[0] ?? null, actor: null, visibleTo: visibility.caller };
}

const nothing: FoundInJournal = { events: [], unread: [] };

/** Reads the store until there are enough events for a page. */
async function searchInParts(
  query: EventQuery,
  events: AuditPorts["events"],
  visibility: EventVisibility | undefined,
): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (let { before } = query, size = 0; !isLarge(found.length, size) && found.length < query.limit; ) {
    const limit = visibility === undefined ? Math.min(partLimit, query.limit - found.length) : partLimit;
    const part = await events.search({ ...query, before, limit });
    const visible = visibility === undefined ? part : await visibility.visible(part);
    found.push(...visible);
    size += visible.reduce((sum, { json }) => sum + json.length, 0);
    if (part.length < limit) break;
    before = part.at(-1) ?? null;
    if (visibility !== undefined) await endOfTurn(); // it may have to read many parts
  }
  return found;
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
