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

/** The times of the records of each file. Those of a file that a process may still write to are unknown. */
export const timesByFile = (anchors: readonly JournalAnchor[]): ReadonlyMap<string, Times> =>
  new Map(
    anchors.map(({ file, state, oldestAt, newestAt }) => [
      file,
      state === "open" || oldestAt === null || newestAt === null ? unknownTimes : { oldestAt, newestAt },
    ]),
  );
