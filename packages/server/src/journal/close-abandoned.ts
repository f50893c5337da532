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
  /** Adds the files that were found broken. */
  readonly broken: Set<string>;
}

/** A running process anchors its files at least each minute, in milliseconds, unless the store fails. */
const silence = 600_000;

/** Whether the process of an open file was killed. An anchor from the future was made while the clock was wrong. */
export const isAbandoned = (
  { file, state, anchoredAt }: JournalAnchor,
  { now, process }: { now: number; process: string },
): boolean => state === "open" && file.split("-")[1] !== process && Math.abs(now - anchoredAt) > silence;

/**
 * Closes a file that a killed process left open. Returns its anchor; undefined: the file is broken or gone. The part of a record that the process was writing when it was killed is removed.
 */
export async function closeAbandoned(
  { folder, anchors, log, broken }: ClosingPorts,
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
    broken.add(file.name);
    log.warn("journal_file_broken", { ...problem, advice: leftAsItIs });
    return undefined;
  }
  if (tornBytes > 0) await cutOff(join(folder, file.name + plainEnding), tornBytes);
  const closed: JournalAnchor = { ...anchor, records, hash, ...asTimes(times), state: "closed" };
  await anchors.close(closed);
  log.info("journal_file_closed", { file: file.name, records, tornBytes, detail: "its process was killed" });
  return closed;
}

/** What happens to a broken file. */
export const leftAsItIs = "left as it is until CARNET_AUDIT_MAX_AGE: run `carnet audit verify`";

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
