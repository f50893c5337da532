import { hashOf, isStdout, prevOf, stdoutChain } from "./chain.ts";
import { ChainCheck } from "./chain-check.ts";
import type { JournalAnchor } from "./journal-anchors.ts";
import type { JournalProblem } from "./journal-reader.ts";
import { readHead } from "./record-head.ts";

export interface LinesResult {
  /** The processes whose records were found. */
  readonly chains: number;
  readonly records: number;
  /** Lines that are not records, such as other log lines. */
  readonly otherLines: number;
  readonly problems: readonly JournalProblem[];
  /** Chains whose start is not in the lines. */
  readonly notes: readonly JournalProblem[];
}

/**
 * Checks the chains of records that were written to standard output (CARNET_JOURNAL=stdout), by process, among other
 * log lines. With anchors, also finds that the end of a chain is missing. Does not find a process of which no record is
 * left, except by its anchor.
 */
export async function verifyLines(
  lines: AsyncIterable<string> | Iterable<string>,
  anchors: readonly JournalAnchor[] = [],
): Promise<LinesResult> {
  const anchorOf = new Map(anchors.filter(({ file }) => isStdout(file)).map((anchor) => [anchor.file, anchor]));
  const chains = new Map<string, ShippedChain>();
  let otherLines = 0;
  for await (const text of lines) {
    const line = Buffer.from(text);
    const name = chainOf(line);
    if (name === undefined) otherLines++;
    else {
      const chain = chains.get(name) ?? new ShippedChain(name, line, anchorOf.get(name));
      chains.set(name, chain);
      chain.add(line);
    }
  }
  const lost = [...anchorOf.values()].filter(({ file, records }) => records > 0 && !chains.has(file));
  const found = [...chains.values()];
  return {
    chains: chains.size,
    records: found.reduce((sum, { records }) => sum + records, 0),
    otherLines,
    problems: [
      ...found.flatMap((chain) => chain.problem() ?? []),
      ...lost.map(({ file, records }) => ({ file, record: null, detail: `None of its ${records} records is here.` })),
    ],
    notes: found.filter(({ startsLate }) => startsLate).map(({ name }) => ({ file: name, record: 1, detail: late })),
  };
}

const late = "The records before this one are not here, so they were not checked.";

/** The chain that a line belongs to; undefined: it is not a record. The id of an event begins with its process. */
function chainOf(line: Buffer): string | undefined {
  const process = prevOf(line) === undefined ? undefined : readHead(line)?.id.split("-")[0];
  return process === undefined ? undefined : stdoutChain(process);
}

class ShippedChain {
  readonly name: string;
  /** Its first record is not here, so its records cannot be counted. */
  readonly startsLate: boolean;
  readonly #anchor: JournalAnchor | undefined;
  readonly #check: ChainCheck;
  #isAnchorReached = false;

  constructor(name: string, first: Buffer, anchor: JournalAnchor | undefined) {
    const start = prevOf(first) ?? "";
    this.name = name;
    this.startsLate = start !== hashOf(name);
    this.#anchor = anchor;
    this.#check = new ChainCheck(start, this.startsLate ? undefined : anchor);
  }

  get records(): number {
    return this.#check.records;
  }

  add(line: Buffer): void {
    this.#check.add(line);
    this.#isAnchorReached ||= this.#check.hash === this.#anchor?.hash;
  }

  problem(): JournalProblem | undefined {
    const broken = this.#check.finish();
    if (broken !== undefined) return { file: this.name, ...broken };
    const isCutOff = this.startsLate && this.#anchor !== undefined && !this.#isAnchorReached;
    return isCutOff ? { file: this.name, record: this.records + 1, detail: cutOff } : undefined;
  }
}

const cutOff = "The newest record that the store knows is not here: the end was cut off, or a record was changed.";
