import { chainedLine, hashOf } from "./chain.ts";
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

/** The lines that continue a chain, each with a newline, and the head after them. */
export function chained(
  records: readonly JournalRecord[],
  head: JournalHead,
): { readonly lines: string; readonly head: JournalHead } {
  let { hash, oldestAt, newestAt } = head;
  let lines = "";
  for (const { json, at } of records) {
    const line = chainedLine(json, hash);
    lines += `${line}\n`;
    hash = hashOf(line);
    if (oldestAt === null || at < oldestAt) oldestAt = at;
    if (newestAt === null || at > newestAt) newestAt = at;
  }
  return { lines, head: { ...head, records: head.records + records.length, hash, oldestAt, newestAt } };
}

/** An event as JSON, before it has its place in a chain. */
export interface JournalRecord {
  readonly json: string;
  readonly at: number;
}

/** Where the lines of the journal go. */
export interface JournalSink {
  /** Writes records, all or none. Throws, or rejects, if it cannot; the chain then goes on without them. */
  append(records: readonly JournalRecord[]): void | Promise<void>;
  /** Whether there is room to go on after a failure. */
  hasRoom(): Promise<boolean>;
  /** Work for the start and every second after it: rotation, restoring a removed file, syncing. */
  maintain(): Promise<void>;
  /** Anchors the records since the last call, once they are on disk. Files also renew their anchor when there are none. */
  anchor(): Promise<void>;
  /** Records that are written and not on disk, and when the last sync was. */
  readonly unsynced: { readonly records: number; readonly since: number };
  /** Ends the chain, and syncs it. */
  close(): Promise<void>;
}
