import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../log/logger.ts";
import { isStdout } from "./chain.ts";
import { closeAbandoned, isAbandoned } from "./close-abandoned.ts";
import { compressFile, removeDrafts } from "./compress-file.ts";
import type { JournalAnchor, JournalAnchors } from "./journal-anchors.ts";
import { compressedEnding, type ListedFile, listJournal, plainEnding, unlessMissing } from "./journal-listing.ts";

export interface HousekeepingPorts {
  /** undefined: the journal is on standard output, and only has anchors. */
  readonly folder: string | undefined;
  readonly anchors: Omit<JournalAnchors, "put">;
  readonly log: Pick<Log, "info" | "warn" | "fault">;
  readonly node: string;
  /** The process part of the names of the files that this process writes. */
  readonly process: string;
  /** Milliseconds. */
  readonly maxAge: number;
  /** The bytes of all files of the folder. */
  readonly maxSize: number;
}

/**
 * Compresses the files that no process writes any more, and deletes old ones. A crash at any moment leaves nothing that
 * the next call does not finish, and two processes can do it at once.
 */
export async function keepHouse({ folder, ...ports }: HousekeepingPorts, now: number): Promise<void> {
  for (const { file, anchoredAt } of await ports.anchors.list())
    if (isStdout(file) && anchoredAt < now - ports.maxAge) await ports.anchors.delete(file);
  if (folder !== undefined) await keepFolder({ ...ports, folder }, now);
}

type FolderPorts = HousekeepingPorts & { readonly folder: string };

async function keepFolder(ports: FolderPorts, now: number): Promise<void> {
  await removeDrafts(ports.folder, now);
  for (const file of await listJournal(ports.folder)) {
    if (file.isCompressed) continue;
    try {
      // Read again for each file, because compressing takes seconds and another process may do the same
      const anchor = (await ports.anchors.list()).find((anchor) => anchor.file === file.name);
      if (anchor === undefined) continue;
      const { process } = ports;
      const closed = isAbandoned(anchor, { now, process }) ? await closeAbandoned(ports, { file, anchor }) : anchor;
      if (closed?.state === "closed") await compressFile(ports, { file, anchor: closed });
    } catch (error) {
      ports.log.fault("journal_file_not_compressed", error, { file: file.name }); // old files can still be deleted
    }
  }
  await deleteOldFiles(ports, now);
}

interface KeptFile extends ListedFile {
  readonly anchor: JournalAnchor;
  readonly bytes: number;
}

/** Deletes the oldest files first. Files that a process may still write to, or that the store does not know, stay. */
async function deleteOldFiles(ports: FolderPorts, now: number): Promise<void> {
  const { folder, anchors, log, maxAge, maxSize } = ports;
  await finishDeletions(ports, now);
  const files = await keptFiles(folder, await anchors.list());
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files.filter(({ anchor }) => anchor.state === "closed").sort(oldestFirst)) {
    const { name, anchor } = file;
    const isTooOld = (anchor.newestAt ?? 0) < now - maxAge; // a file without records is not worth keeping
    if (!isTooOld && bytes <= maxSize) continue;
    const { records } = anchor;
    if (isTooOld) log.info("journal_file_deleted", { file: name, records, reason: "older than CARNET_AUDIT_MAX_AGE" });
    else log.warn("journal_file_deleted_for_space", { file: name, records, journalMaxSize: maxSize, detail: tooSmall });
    await anchors.markDeleting(name);
    await deleteFile(ports, name);
    bytes -= file.bytes;
  }
}

const tooSmall =
  "records were deleted before CARNET_AUDIT_MAX_AGE, because the journal was larger than CARNET_JOURNAL_MAX_SIZE: raise it, or copy the files elsewhere in time";

/** Of a process that was killed in the middle of a deletion, or before it made a file that it had announced. */
async function finishDeletions(ports: FolderPorts, now: number): Promise<void> {
  const { folder, anchors, process } = ports;
  const here = new Set((await listJournal(folder)).map(({ name }) => name));
  for (const anchor of await anchors.list()) {
    const { file, node, records, state } = anchor;
    if (!here.has(file) && node !== ports.node) continue;
    const isUnmade = records === 0 && !here.has(file) && isAbandoned(anchor, { now, process });
    if (state === "deleting" || isUnmade) await deleteFile(ports, file);
  }
}

/** The anchor goes last, because without it nobody would finish the work. */
async function deleteFile({ folder, anchors }: FolderPorts, name: string): Promise<void> {
  for (const ending of [plainEnding, compressedEnding]) await rm(join(folder, name + ending), { force: true });
  await anchors.delete(name);
}

async function keptFiles(folder: string, anchors: readonly JournalAnchor[]): Promise<readonly KeptFile[]> {
  const byName = new Map(anchors.map((anchor) => [anchor.file, anchor]));
  const files: KeptFile[] = [];
  for (const file of await listJournal(folder)) {
    const anchor = byName.get(file.name);
    const path = join(folder, file.name + (file.isCompressed ? compressedEnding : plainEnding));
    const found = await unlessMissing(stat(path));
    if (anchor !== undefined && found !== undefined) files.push({ ...file, anchor, bytes: found.size });
  }
  return files;
}

const oldestFirst = (a: KeptFile, b: KeptFile): number => (a.anchor.newestAt ?? 0) - (b.anchor.newestAt ?? 0);
