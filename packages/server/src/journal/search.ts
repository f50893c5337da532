import type { EventQuery, StoredEvent } from "@carnet/core/audit/event-store";
import type { EventVisibility } from "@carnet/core/audit/event-visibility";
import type { Log } from "../log/logger.ts";
import { TaskQueue } from "../task-queue.ts";
import { mayContain } from "./block-index.ts";
import { damageOf } from "./check-file.ts";
import { readMember, readMembers } from "./compressed-blocks.ts";
import { EventFilter } from "./event-filter.ts";
import { type JournalAnchors, type KnownFile, knownFiles } from "./journal-anchors.ts";
import { type ListedFile, listJournal, type OpenedFile, openListed } from "./journal-listing.ts";
import type { FoundInJournal } from "./journal-reader.ts";
import { Page } from "./page.ts";
import { blockBytes, DamagedFile, linesOf, newline, readPlainBlocks } from "./plain-blocks.ts";
import { type Times, timesOf, timeTextOf } from "./record-head.ts";

export interface SearchPorts {
  readonly folder: string;
  readonly anchors: Pick<JournalAnchors, "list">;
  readonly log: Pick<Log, "warn">;
}

/**
 * Searches the files of the journal, newest first, one search at a time. Of each file it reads only the blocks whose
 * times, and names if they are known, do not rule out a match. Between two blocks it lets requests run.
 */
export class JournalSearch {
  readonly #ports: SearchPorts;
  /** The blocks of plain files that were read before. Records are only ever appended, so they stay as they are. */
  readonly #known = new Map<string, readonly PlainBlock[]>();
  readonly #buffer = Buffer.allocUnsafeSlow(blockBytes);
  readonly #queue = new TaskQueue("searches of the journal");

  constructor(ports: SearchPorts) {
    this.#ports = ports;
  }

  /** Throws a `QueueFull`. */
  search(query: EventQuery, visibility?: EventVisibility): Promise<FoundInJournal> {
    const caller = visibility?.caller.clientId ?? "over all owners";
    return this.#queue.run(() => this.#searchFiles(query, visibility), caller);
  }

  async #searchFiles(query: EventQuery, visibility: EventVisibility | undefined): Promise<FoundInJournal> {
    const page = new Page(query);
    const filter = new EventFilter(query, await visibility?.clientsToFind());
    const unread: string[] = [];
    const { folder, anchors } = this.#ports;
    const files = await listJournal(folder);
    for (const name of this.#known.keys()) if (!files.some((file) => file.name === name)) this.#known.delete(name);
    for (const { times, ...listed } of newestFirst(knownFiles(files, await anchors.list()))) {
      if (!page.mayTake(times)) continue;
      try {
        await using file = await openListed(folder, listed);
        if (file !== undefined) await this.#searchFile(file, { page, filter, visibility });
      } catch (error) {
        unread.push(this.#skip(listed, error));
      }
    }
    return { events: page.events, unread };
  }

  async #searchFile(file: OpenedFile, { page, filter, visibility }: Search): Promise<void> {
    let isDamaged = false;
    const match = (line: Buffer): StoredEvent | undefined => {
      const event = page.mayTakeAt(timeTextOf(line)) ? filter.match(line) : undefined;
      if (event !== "damaged") return event;
      isDamaged = true;
      return undefined;
    };
    const blocks = file.isCompressed ? await membersOf(file, filter) : await this.#plainBlocksOf(file);
    for (const block of blocks.toReversed()) {
      if (!page.mayTake(block)) continue;
      const candidates = filter.candidates(await block.read(file, this.#buffer));
      if (visibility === undefined) {
        for (const line of candidates) {
          const event = match(line);
          if (event !== undefined) page.add(event);
        }
        continue;
      }
      const matching = candidates.flatMap((line) => match(line) ?? []);
      for (const event of await visibility.visible(matching)) page.add(event);
    }
    if (isDamaged) throw new DamagedFile("has a record that cannot be read"); // its other records were found
  }

  async #plainBlocksOf({ name, handle }: OpenedFile): Promise<readonly Searchable[]> {
    const known = this.#known.get(name) ?? [];
    const blocks: PlainBlock[] = [...known];
    for await (const { lines, start, end } of readPlainBlocks(handle, known.at(-1)?.end)) {
      blocks.push({ ...timesOf(linesOf({ lines })), start, end, read: readRange({ start, end }) });
    }
    // The next search reads the last few records again, so that a growing file is not cut into tiny blocks
    this.#known.set(
      name,
      blocks.filter(({ start, end }) => end - start > blockBytes / 2),
    );
    return blocks;
  }

  /** The name of a file that cannot be read. */
  #skip({ name }: ListedFile, error: unknown): string {
    const detail = `${damageOf(error)} Searches go on without what cannot be read: run \`carnet audit verify\`.`;
    this.#known.delete(name);
    this.#ports.log.warn("journal_file_unread", { file: name, detail });
    return name;
  }
}

interface Search {
  readonly page: Page;
  readonly filter: EventFilter;
  readonly visibility: EventVisibility | undefined;
}

interface Searchable extends Times {
  /** The lines, possibly in the buffer. */
  read(file: OpenedFile, buffer: Buffer): Promise<Buffer>;
}

interface PlainBlock extends Searchable {
  readonly start: number;
  readonly end: number;
}

function newestFirst(files: readonly KnownFile[]): readonly KnownFile[] {
  const newest = ({ times }: KnownFile): number =>
    Number.isNaN(times.newestAt) ? Number.POSITIVE_INFINITY : times.newestAt;
  return files
    .toReversed() // the names begin with the day
    .sort((a, b) => (newest(a) === newest(b) ? 0 : newest(b) - newest(a)));
}

async function membersOf({ handle }: OpenedFile, filter: EventFilter): Promise<readonly Searchable[]> {
  const members: Searchable[] = [];
  for await (const { start, length, index } of readMembers(handle)) {
    if (!mayContain(index, filter.names)) continue;
    const { oldestAt, newestAt } = index;
    members.push({ oldestAt, newestAt, read: ({ handle }) => readMember(handle, { start, length }) });
  }
  return members;
}

function readRange({ start, end }: Pick<PlainBlock, "start" | "end">): Searchable["read"] {
  const length = end - start;
  return async ({ handle }, buffer) => {
    const read = await handle.read(length > buffer.length ? Buffer.allocUnsafe(length) : buffer, 0, length, start);
    const lines = read.buffer.subarray(0, read.bytesRead);
    if (lines.length < length || lines.at(-1) !== newline) throw new DamagedFile("was changed by somebody");
    return lines;
  };
}
