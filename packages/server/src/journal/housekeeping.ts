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
  /** The files that earlier calls found broken. They are not read again, and logged only once. */
  readonly broken: Set<string>;
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
    if (file.isCompressed || ports.broken.has(file.name)) continue;
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

/** The records that are deleted at a time because of their age. A clock that is wrong for a moment must not cost all. */
const deletedAtOnce = 86_400_000;

/** Deletes the oldest files first. Files that a process may still write to, or that the store does not know, stay. */
async function deleteOldFiles(ports: FolderPorts, now: number): Promise<void> {
  const { folder, anchors, process, maxAge, maxSize } = ports;
  await finishDeletions(ports, now);
  const files = (await keptFiles(folder, await anchors.list())).toSorted((a, b) => endOf(a.anchor) - endOf(b.anchor));
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const [oldest] = files.flatMap(({ anchor }) => (anchor.records === 0 ? [] : endOf(anchor)));
  const end = Math.min(now - maxAge, (oldest ?? now) + deletedAtOnce);
  for (const file of files) {
    const { anchor } = file;
    const isTooOld = endOf(anchor) < end;
    const isDone = anchor.state === "closed" || (isTooOld && isAbandoned(anchor, { now, process }));
    if (!isDone || (!isTooOld && bytes <= maxSize)) continue;
    logDeletion(ports, { anchor, isTooOld });
    await anchors.markDeleting(file.name);
    await deleteFile(ports, file.name);
    bytes -= file.bytes;
  }
}

/** The time of the newest record. An open file, which a killed process left broken, can have newer ones than its anchor. */
const endOf = ({ state, newestAt, anchoredAt }: JournalAnchor): number =>
  state === "open" ? anchoredAt : (newestAt ?? 0); // a file without records is not worth keeping

function logDeletion(
  { log, maxSize }: Pick<FolderPorts, "log" | "maxSize">,
  { anchor: { file, records }, isTooOld }: { readonly anchor: JournalAnchor; readonly isTooOld: boolean },
): void {
  if (isTooOld) log.info("journal_file_deleted", { file, records, reason: "older than CARNET_AUDIT_MAX_AGE" });
  else log.warn("journal_file_deleted_for_space", { file, records, journalMaxSize: maxSize, detail: tooSmall });
}

const tooSmall =
  "records were deleted before CARNET_AUDIT_MAX_AGE, because the journal was larger than CARNET_JOURNAL_MAX_SIZE: raise it, or copy the files elsewhere in time";

/**
 * Finishes the work of a process that was killed during a deletion, or before it made a file that it had announced.
 * Forgets missing files, too: once they would have been deleted, or after twice the time if another node may still have
 * them.
 */
async function finishDeletions(ports: FolderPorts, now: number): Promise<void> {
  const { folder, anchors, process } = ports;
  const here = new Set((await listJournal(folder)).map(({ name }) => name));
  for (const anchor of await anchors.list()) {
    const { file, node, records, state, anchoredAt } = anchor;
    const isHere = here.has(file);
    const isOwn = isHere || node === ports.node;
    const isUnmade = isOwn && records === 0 && !isHere && isAbandoned(anchor, { now, process });
    const isForgotten = !isHere && anchoredAt < now - ports.maxAge * (isOwn ? 1 : 2);
    if ((isOwn && state === "deleting") || isUnmade || isForgotten) await deleteFile(ports, file);
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
