import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../log/logger.ts";
import { type CheckedBlock, checkFileWith } from "./check-file.ts";
import type { JournalAnchor, JournalAnchors } from "./journal-anchors.ts";
import { type ListedFile, openListed, plainEnding } from "./journal-listing.ts";
import { linesOf } from "./plain-blocks.ts";
import { type Times, timesOf, unknownTimes } from "./record-head.ts";

export interface ClosingPorts {
  readonly folder: string;
  readonly anchors: Pick<JournalAnchors, "close">;
  readonly log: Pick<Log, "info" | "warn">;
}

/** A running process ends its file within seconds of midnight, unless it cannot make the next one. */
const grace = 3_600_000;

/** Whether a file was left open by a process that was killed: it is of an earlier day and does not grow. */
export function isAbandoned(
  { file, state, anchoredAt }: JournalAnchor,
  { now, process }: { now: number; process: string },
) {
  const [day = "", writer] = file.split("-");
  const today = new Date(now - grace).toISOString().slice(0, 10).replaceAll("-", "");
  return state === "open" && writer !== process && day < today && anchoredAt < now - grace;
}

/**
 * Closes a file that a killed process left open. Returns its anchor; undefined: the file is broken or gone. The part of a record that the process was writing when it was killed is removed.
 */
export async function closeAbandoned(
  { folder, anchors, log }: ClosingPorts,
  { file, anchor }: { readonly file: ListedFile; readonly anchor: JournalAnchor },
): Promise<JournalAnchor | undefined> {
  await using opened = await openListed(folder, file);
  if (opened === undefined || opened.isCompressed) return undefined;
  let times = unknownTimes;
  const visit = ({ lines }: CheckedBlock): void => {
    times = together(times, timesOf(linesOf({ lines })));
  };
  const { records, hash, tornBytes, problem } = await checkFileWith(opened, anchor, visit);
  if (problem !== undefined) {
    log.warn("journal_file_broken", { ...problem, advice: "left as it is: run `carnet audit verify`" });
    return undefined;
  }
  if (tornBytes > 0) await cutOff(join(folder, file.name + plainEnding), tornBytes);
  const closed: JournalAnchor = { ...anchor, records, hash, ...asTimes(times), state: "closed" };
  await anchors.close(closed);
  log.info("journal_file_closed", { file: file.name, records, tornBytes, detail: "its process was killed" });
  return closed;
}

async function cutOff(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "r+");
  await file.truncate((await file.stat()).size - bytes);
  await file.sync();
}

/** NaN is no time: Math.min and Math.max would keep it. */
const together = (a: Times, b: Times): Times =>
  Number.isNaN(a.oldestAt)
    ? b
    : { oldestAt: Math.min(a.oldestAt, b.oldestAt), newestAt: Math.max(a.newestAt, b.newestAt) };

const asTimes = ({ oldestAt, newestAt }: Times): Pick<JournalAnchor, "oldestAt" | "newestAt"> =>
  Number.isNaN(oldestAt) ? { oldestAt: null, newestAt: null } : { oldestAt, newestAt };
