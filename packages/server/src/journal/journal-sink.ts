import { hashOf } from "./chain.ts";

/** The newest record of a file of the journal, as it is anchored in the store. */
export interface JournalHead {
  /** The name of the file, without folder and ending, or of the chain on standard output. */
  readonly file: string;
  readonly records: number;
  /** The hash of the newest record. */
  readonly hash: string;
  /** null: no records. Milliseconds since the epoch. */
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** Nothing is written to the file any more. */
  readonly closed: boolean;
}

/** Keeps the newest head of each file where whoever alters a file cannot alter it as well. */
export interface JournalHeads {
  put(head: JournalHead): Promise<void>;
}

/** A chain without records. */
export const emptyChain = (file: string): JournalHead => ({
  file,
  records: 0,
  hash: hashOf(file),
  oldestAt: null,
  newestAt: null,
  closed: false,
});

/** The head after one more record. */
export const nextHead = (head: JournalHead, line: string, at: number): JournalHead => ({
  file: head.file,
  records: head.records + 1,
  hash: hashOf(line),
  oldestAt: head.oldestAt === null || at < head.oldestAt ? at : head.oldestAt,
  newestAt: head.newestAt === null || at > head.newestAt ? at : head.newestAt,
  closed: head.closed,
});

/** Where the lines of the journal go. */
export interface JournalSink {
  /** Writes a record. Throws, or rejects, if it cannot; the chain then goes on without it. */
  append(json: string, at: number): void | Promise<void>;
  /** Whether there is room to go on after a failure. */
  hasRoom(): Promise<boolean>;
  /** Work for the start and every second after it: rotation, restoring a removed file, syncing. */
  maintain(): Promise<void>;
  /** Anchors the records since the last call, once they are on disk. */
  anchor(): Promise<void>;
  /** Ends the chain, and syncs it. */
  close(): Promise<void>;
}
