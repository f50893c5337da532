import { hashOf } from "./chain.ts";
import type { JournalAnchor } from "./journal-anchors.ts";

/** The newest record of a chain that this process writes. */
export type JournalHead = Omit<JournalAnchor, "node" | "anchoredAt">;

/** Anchors a head in the store, so that changing the file alone is not enough to hide a change. */
export type PutHead = (head: JournalHead) => Promise<void>;

/** A chain without records. */
export const emptyChain = (file: string): JournalHead => ({
  file,
  records: 0,
  hash: hashOf(file),
  oldestAt: null,
  newestAt: null,
  state: "open",
});

/** The head after one more record. */
export const nextHead = (head: JournalHead, line: string, at: number): JournalHead => ({
  file: head.file,
  records: head.records + 1,
  hash: hashOf(line),
  oldestAt: head.oldestAt === null || at < head.oldestAt ? at : head.oldestAt,
  newestAt: head.newestAt === null || at > head.newestAt ? at : head.newestAt,
  state: head.state,
});

/** Where the lines of the journal go. */
export interface JournalSink {
  /** Writes a record. Throws, or rejects, if it cannot; the chain then goes on without it. */
  append(json: string, at: number): void | Promise<void>;
  /** Whether there is room to go on after a failure. */
  hasRoom(): Promise<boolean>;
  /** Work for the start and every second after it: rotation, restoring a removed file, syncing. */
  maintain(): Promise<void>;
  /** Anchors the records since the last call, once they are on disk. Files also renew their anchor when there are none. */
  anchor(): Promise<void>;
  /** Ends the chain, and syncs it. */
  close(): Promise<void>;
}
