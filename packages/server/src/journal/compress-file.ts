import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../fault.ts";
import type { Log } from "../log/logger.ts";
import { type CheckedBlock, checkFileWith } from "./check-file.ts";
import { leftAsItIs } from "./close-abandoned.ts";
import { compressBlock } from "./compressed-blocks.ts";
import type { JournalAnchor, JournalAnchors } from "./journal-anchors.ts";
import { compressedEnding, type ListedFile, openListed, plainEnding, unlessMissing } from "./journal-listing.ts";

export interface CompressionPorts {
  readonly folder: string;
  readonly anchors: Pick<JournalAnchors, "list">;
  readonly log: Pick<Log, "info" | "warn">;
  /** Adds the files that were found broken. */
  readonly broken: Set<string>;
}

const draftEnding = `${compressedEnding}.new`;
/** As `JournalFile.restore` names it. */
const restoredEnding = `${plainEnding}.new`;

/** Longer than compressing a file takes, in milliseconds. */
const draftAge = 3_600_000;

/**
 * Replaces a closed file by a compressed one with the same bytes. Leaves it as it is if it does not fit its anchor, or
 * if another process is compressing it.
 */
export async function compressFile(
  { folder, anchors, log, broken }: CompressionPorts,
  { file, anchor }: { readonly file: ListedFile; readonly anchor: JournalAnchor },
): Promise<void> {
  const path = join(folder, file.name);
  await using source = await openListed(folder, file);
  if (source === undefined || source.isCompressed) return;
  const draft = await createDraft(path + draftEnding);
  if (draft === undefined) return;
  let isPlaced = false;
  try {
    const write = async ({ lines }: CheckedBlock): Promise<void> => draft.appendFile(await compressBlock(lines));
    const { records, problem } = await checkFileWith(source, anchor, write);
    if (problem !== undefined) {
      broken.add(file.name);
      return log.warn("journal_file_broken", { ...problem, advice: leftAsItIs });
    }
    await draft.sync();
    if (!isUnchanged(anchor, await anchors.list())) return;
    await rename(path + draftEnding, path + compressedEnding);
    isPlaced = true;
    await syncFolder(folder);
    await rm(path + plainEnding, { force: true });
    log.info("journal_file_compressed", { file: file.name, records });
  } finally {
    await draft.close();
    if (!isPlaced) await rm(path + draftEnding, { force: true });
  }
}

/**
 * Another process may have deleted the file meanwhile, because it is old. Or the process that writes it was not killed,
 * but paused, and went on.
 */
const isUnchanged = ({ file, records, hash }: JournalAnchor, now: readonly JournalAnchor[]): boolean =>
  now.some(
    (anchor) => anchor.file === file && anchor.state === "closed" && anchor.records === records && anchor.hash === hash,
  );

/** Removes what processes left behind that were killed while they compressed a file or put one back. */
export async function removeDrafts(folder: string, now: number): Promise<void> {
  for (const name of (await unlessMissing(readdir(folder))) ?? []) {
    if (!name.endsWith(draftEnding) && !name.endsWith(restoredEnding)) continue;
    const found = await unlessMissing(stat(join(folder, name)));
    if (found !== undefined && found.mtimeMs < now - draftAge) await rm(join(folder, name), { force: true });
  }
}

/** undefined: another process is compressing the file. */
async function createDraft(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return undefined;
    throw error;
  }
}

/** The new name must survive a power loss before the old file is removed. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path);
  await folder.sync();
}
