import type { EventQuery } from "@carnet/core/audit/event-store";
import { readCompressedBlocks } from "./compressed-blocks.ts";
import { type JournalAnchor, type JournalAnchors, timesByFile } from "./journal-anchors.ts";
import { type ListedFile, listJournal, openListed } from "./journal-listing.ts";
import { linesOf, readPlainBlocks } from "./plain-blocks.ts";
import { type Times, timesOf, unknownTimes } from "./record-head.ts";

export interface ExportPorts {
  readonly folder: string;
  readonly anchors: Pick<JournalAnchors, "list">;
}

/** The lines of a range of time, as they are, without newlines. Throws a `DamagedFile`. */
export async function* exportLines(
  { folder, anchors }: ExportPorts,
  { since, until }: Pick<EventQuery, "since" | "until">,
): AsyncGenerator<string, void, undefined> {
  // Unknown times are NaN, and no comparison with NaN rules them out
  const isWanted = ({ oldestAt, newestAt }: Times): boolean =>
    !(since !== null && newestAt < since) && !(until !== null && oldestAt >= until);
  const isAll = since === null && until === null;
  for (const { times, ...listed } of oldestFirst(await listJournal(folder), await anchors.list())) {
    if (!isWanted(times)) continue;
    await using file = await openListed(folder, listed);
    if (file === undefined) continue;
    const blocks = file.isCompressed ? readCompressedBlocks(file.handle) : readPlainBlocks(file.handle);
    for await (const block of blocks)
      for (const line of linesOf(block)) if (isAll || isWanted(timesOf([line]))) yield line.toString();
  }
}

/** Files that are being written come last. The names begin with the day. */
function oldestFirst(files: readonly ListedFile[], anchors: readonly JournalAnchor[]) {
  const times = timesByFile(anchors);
  const start = ({ times }: { times: Times }): number => times.oldestAt || Number.POSITIVE_INFINITY;
  return files
    .map((file) => ({ ...file, times: times.get(file.name) ?? unknownTimes }))
    .sort((a, b) => (start(a) === start(b) ? 0 : start(a) - start(b)));
}
