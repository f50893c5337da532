import type { EventQuery, StoredEvent } from "@carnet/core/audit/event-store";
import type { EventVisibility } from "@carnet/core/audit/event-visibility";

/** Reads the journal files of this node's folder, even while they are being written. */
export interface JournalReader {
  /**
   * The newest matching events, newest first; fewer than the limit if they are larger than `maxPageSize` together. Reads
   * in bounded memory and lets requests run in between. One search runs at a time. Throws a `QueueFull` if too many
   * wait. With a visibility, only the events that exist for its caller.
   */
  search(query: EventQuery, visibility?: EventVisibility): Promise<FoundInJournal>;
  /**
   * The lines of the journal as they are, hashes included, file by file; the oldest file first. No newlines. Before the
   * lines of each file is a `FileLine`.
   */
  export(range: Pick<EventQuery, "since" | "until">): AsyncIterable<string>;
  /** Checks every chain and anchor. Yields progress, and at the end one result. */
  verify(): AsyncIterable<VerifyProgress | VerifyResult>;
}

/** The characters of the events of a page, beyond which it ends early: an import can name 500 clients. */
export const maxPageSize = 4 * 1024 * 1024;

export interface FoundInJournal {
  readonly events: readonly StoredEvent[];
  /** The names of files that cannot be read, or not to their end, so that events in them may be missing. */
  readonly unread: readonly string[];
}

export interface VerifyProgress {
  readonly type: "progress";
  readonly records: number;
  /** Of the files as they are on disk, compressed or not. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface VerifyResult {
  readonly type: "result";
  readonly files: number;
  readonly records: number;
  /** Empty: the journal is whole. At most one for each file. */
  readonly problems: readonly JournalProblem[];
  /** What is explained by a process that was killed, such as records after its last anchor. */
  readonly notes: readonly JournalProblem[];
  /** The files of other nodes, which are not in this folder and were not checked. */
  readonly otherNodes: readonly { readonly node: string; readonly files: number }[];
}

export interface JournalProblem {
  /** Its name without folder and without `.jsonl` or `.jsonl.gz`. */
  readonly file: string;
  /** The number of the first broken record in the file, from 1; null: the file as a whole. */
  readonly record: number | null;
  /** What is wrong, in a sentence. */
  readonly detail: string;
}
