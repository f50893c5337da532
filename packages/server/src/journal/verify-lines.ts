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
 * Checks the chains of records that are kept elsewhere: lines of standard output (CARNET_JOURNAL=stdout), by process,
 * among other log lines, or an export of journal files. With anchors, also finds that the end of a chain is missing. Does not find a process of which no record is
 * left, except by its anchor.
 */
export async function verifyLines(
  lines: AsyncIterable<string> | Iterable<string>,
  anchors: readonly JournalAnchor[] = [],
): Promise<LinesResult> {
  const anchorOf = new Map(anchors.filter(({ file }) => isStdout(file)).map((anchor) => [anchor.file, anchor]));
  const found: ShippedChain[] = [];
  /** The chain that each process writes to. */
  const current = new Map<string, ShippedChain>();
  let otherLines = 0;
  for await (const text of lines) {
    const line = Buffer.from(text);
    const process = processOf(line);
    if (process === undefined) {
      otherLines++;
      continue;
    }
    let chain = current.get(process);
    if (chain === undefined || prevOf(line) !== chain.lastHash) {
      const started = startedChain(process, line);
      if (started !== undefined || chain === undefined) {
        const name = started ?? stdoutChain(process);
        chain = new ShippedChain(name, line, anchorOf.get(name));
        current.set(process, chain);
        found.push(chain);
      }
    }
    chain.add(line);
  }
  const names = new Set(found.map(({ name }) => name));
  const lost = [...anchorOf.values()].filter(({ file, records }) => records > 0 && !names.has(file));
  return {
    chains: found.length,
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

/** The process that wrote a line; undefined: it is not a record. The id of an event begins with its process. */
const processOf = (line: Buffer): string | undefined =>
  prevOf(line) === undefined ? undefined : readHead(line)?.id.split("-")[0];

/** How many files of a process in one export are recognised. */
const maxFiles = 1000;

/** The chain that begins with a line: of standard output, or of a file of the day of the record or of the day after. */
function startedChain(process: string, line: Buffer): string | undefined {
  const prev = prevOf(line);
  const at = readHead(line)?.at ?? 0;
  const days = [at, at + 86_400_000].map((time) => new Date(time).toISOString().slice(0, 10).replaceAll("-", ""));
  const files = days.flatMap((day) => Array.from({ length: maxFiles }, (_, n) => `${day}-${process}-${n + 1}`));
  return [stdoutChain(process), ...files].find((name) => hashOf(name) === prev);
}

class ShippedChain {
  readonly name: string;
  /** Its first record is not here, so its records cannot be counted. */
  readonly startsLate: boolean;
  readonly #anchor: JournalAnchor | undefined;
  readonly #check: ChainCheck;
  #isAnchorReached = false;
  #lastHash = "";

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

  /** Of the last line, also after a problem. */
  get lastHash(): string {
    return this.#lastHash;
  }

  add(line: Buffer): void {
    this.#check.add(line);
    this.#lastHash = hashOf(line);
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
