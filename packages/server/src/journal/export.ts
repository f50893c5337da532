import type { EventQuery } from "@carnet/core/audit/event-store";
import type { Log } from "../log/logger.ts";
import { damageOf } from "./check-file.ts";
import { readCompressedBlocks } from "./compressed-blocks.ts";
import { fileLine } from "./file-line.ts";
import { type JournalAnchors, type KnownFile, knownFiles } from "./journal-anchors.ts";
import { listJournal, type OpenedFile, openListed } from "./journal-listing.ts";
import { type Block, linesOf, readPlainBlocks } from "./plain-blocks.ts";
import { type Times, timesOf } from "./record-head.ts";

export interface ExportPorts {
  readonly folder: string;
  readonly anchors: Pick<JournalAnchors, "list">;
  readonly log: Pick<Log, "warn">;
}

type Range = Pick<EventQuery, "since" | "until">;

/**
 * The lines of a range of time, as they are, without newlines, after a line with the name of their file. Records are
 * not in the order of their times, so the lines of a file between two of the range are exported as well: the chain must
 * not have gaps. A file that cannot be read is named in a line, and the others are exported.
 */
export async function* exportLines(
  { folder, anchors, log }: ExportPorts,
  range: Range,
): AsyncGenerator<string, void, undefined> {
  const files = knownFiles(await listJournal(folder), await anchors.list());
  for (const { times, ...listed } of files.toSorted(oldestFirst)) {
    if (!isIn(range, times)) continue;
    try {
      await using file = await openListed(folder, listed);
      if (file !== undefined) yield* linesOfFile(file, range);
    } catch (error) {
      const detail = damageOf(error);
      log.warn("journal_file_unread", { file: listed.name, detail: `${detail} It is not in the export.` });
      yield fileLine(listed.name, detail);
    }
  }
}

async function* linesOfFile(file: OpenedFile, range: Range): AsyncGenerator<string, void, undefined> {
  const { first, last } = await placesIn(file, range);
  let place = 0;
  for await (const block of blocksOf(file)) {
    for (const line of linesOf(block)) {
      if (place === first) yield fileLine(file.name);
      if (place >= first && place <= last) yield line.toString();
      place++;
    }
    if (place > last) return;
  }
}

/** The places of the first and the last line of a range. */
async function placesIn(file: OpenedFile, range: Range): Promise<{ first: number; last: number }> {
  if (range.since === null && range.until === null) return { first: 0, last: Number.POSITIVE_INFINITY };
  let [first, last, place] = [Number.POSITIVE_INFINITY, -1, 0];
  for await (const block of blocksOf(file)) {
    for (const line of linesOf(block)) {
      if (isIn(range, timesOf([line]))) {
        first = Math.min(first, place);
        last = place;
      }
      place++;
    }
  }
  return { first, last };
}

const blocksOf = ({ handle, isCompressed }: OpenedFile): AsyncIterable<Block> =>
  isCompressed ? readCompressedBlocks(handle) : readPlainBlocks(handle);

/** Unknown times are NaN, and no comparison with NaN rules them out. */
const isIn = ({ since, until }: Range, { oldestAt, newestAt }: Times): boolean =>
  !(since !== null && newestAt < since) && !(until !== null && oldestAt >= until);

/** Files that are being written come last. The names begin with the day. */
function oldestFirst(one: KnownFile, other: KnownFile): number {
  const start = ({ times }: KnownFile): number => times.oldestAt || Number.POSITIVE_INFINITY;
  return start(one) === start(other) ? 0 : start(one) - start(other);
}
