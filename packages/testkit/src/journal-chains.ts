import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chainedLine, eventOf, hashOf } from "@carnet/server/journal/chain";
import type { JournalHead } from "@carnet/server/journal/journal-sink";

/** Reads and checks the journal apart from the reader of the service, whose faults would otherwise hide those of the writer. */

/** An event as the journal has it. */
export type JournalRecord = Readonly<Record<string, unknown>> & { readonly event: string };

export interface ReadChain {
  readonly file: string;
  readonly records: readonly JournalRecord[];
  /** The hash after each number of records. */
  readonly hashes: readonly string[];
  /** What follows the last whole record. */
  readonly rest: string;
}

/** Reads the files of a folder. Fails if a chain is broken. */
export const readChains = (folder: string): readonly ReadChain[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((name) => readChain(name.slice(0, -".jsonl".length), readFileSync(join(folder, name), "utf8")));

function readChain(file: string, text: string): ReadChain {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  const hashes = [hashOf(file)];
  for (const line of lines) {
    assert.equal(line, chainedLine(eventOf(line), hashes.at(-1) ?? ""), `${file}, record ${hashes.length}`);
    hashes.push(hashOf(line));
  }
  return { file, records: lines.map((line) => JSON.parse(line)), hashes, rest };
}

/** Asserts that each anchored file is there and has the anchored records, and that a closed file has no others. */
export function assertAnchored(folder: string, anchors: Iterable<JournalHead>): void {
  const chains = new Map(readChains(folder).map((chain) => [chain.file, chain]));
  for (const { file, records, hash, state } of anchors) {
    const chain = chains.get(file);
    if (chain === undefined && records === 0) continue; // the process ended before it made the file
    assert.equal(chain?.hashes[records], hash, `${file} differs from its anchor`);
    if (state === "closed")
      assert.deepEqual([chain?.records.length, chain?.rest], [records, ""], `${file} goes on after its end`);
    chains.delete(file);
  }
  assert.deepEqual([...chains.keys()], [], "files that no anchor names");
}
