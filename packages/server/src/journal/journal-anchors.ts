import type { ListedFile } from "./journal-listing.ts";
import { type Times, unknownTimes } from "./record-head.ts";

/** What the store knows of a file of the journal, or of the chain of a process on stdout. */
export interface JournalAnchor {
  /** The name, without folder and ending. */
  readonly file: string;
  readonly node: string;
  readonly records: number;
  /** The hash of the newest anchored record; of the name if there is none. */
  readonly hash: string;
  /** Milliseconds since the epoch; null: no records. */
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** When the store was told last. */
  readonly anchoredAt: number;
  /** `open`: a process may still write to it, or is about to make it. `deleting`: it was kept long enough. */
  readonly state: AnchorState;
}

export type AnchorState = "open" | "closed" | "deleting";

/** The anchors of all nodes. */
export interface JournalAnchors {
  list(): Promise<readonly JournalAnchor[]>;
  /** Adds or replaces an anchor, for the process that writes the file. */
  put(anchor: JournalAnchor): Promise<void>;
  /** Replaces an anchor, unless its file is closed already. */
  close(anchor: JournalAnchor): Promise<void>;
  /** Says that a file is being deleted, so that a crash in the middle does not look like a missing file. */
  markDeleting(file: string): Promise<void>;
  delete(file: string): Promise<void>;
}

export interface KnownFile extends ListedFile {
  /** Of its records. Those of a file that a process may still write to are unknown. */
  readonly times: Times;
}

/** The files that this store knows: another store can share the folder. List the files first, then the anchors. */
export function knownFiles(files: readonly ListedFile[], anchors: readonly JournalAnchor[]): readonly KnownFile[] {
  const times = new Map(anchors.map((anchor) => [anchor.file, timesIn(anchor)]));
  return files.flatMap((file) => {
    const known = times.get(file.name);
    return known === undefined ? [] : { ...file, times: known };
  });
}

const timesIn = ({ state, oldestAt, newestAt }: JournalAnchor): Times =>
  state === "open" || oldestAt === null || newestAt === null ? unknownTimes : { oldestAt, newestAt };
