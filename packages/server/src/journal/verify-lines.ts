import { hashOf, isStdout, prevOf, stdoutChain } from "./chain.ts";
import { ChainCheck } from "./chain-check.ts";
import { readFileLine } from "./file-line.ts";
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

export interface KnownChains {
  readonly anchors: readonly JournalAnchor[];
  /** The node that wrote the lines. */
  readonly node: string;
}

/**
 * Checks the chains of records that are kept elsewhere: lines of standard output (CARNET_JOURNAL=stdout), by process,
 * among other log lines, or an export of journal files. With the anchors of a store, also finds that the end of a chain
 * of standard output is missing, or all of it. Does not find a file that was removed from an export.
 */
export async function verifyLines(
  lines: AsyncIterable<string> | Iterable<string>,
  { anchors, node }: KnownChains = { anchors: [], node: "" },
): Promise<LinesResult> {
  const anchorOf = new Map(anchors.filter(({ file }) => isStdout(file)).map((anchor) => [anchor.file, anchor]));
  const found: ShippedChain[] = [];
  const unread: JournalProblem[] = [];
  /** The chain that each process writes to. */
  const current = new Map<string, ShippedChain>();
  let otherLines = 0;
  let [oldestAt, newestAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const text of lines) {
    const file = readFileLine(text);
    if (file !== undefined) {
      const { journal_file: name, unread: detail } = file;
      if (detail === undefined) begin(writerOf(name), name);
      else unread.push(wholeFile(name, `It is not in the export, or not to its end. ${detail}`));
      continue;
    }
    const line = Buffer.from(text);
    const head = prevOf(line) === undefined ? undefined : readHead(line);
    if (head === undefined) {
      otherLines++;
      continue;
    }
    oldestAt = Math.min(oldestAt, head.at);
    newestAt = Math.max(newestAt, head.at);
    const [process = ""] = head.id.split("-"); // the id of an event begins with its process
    (current.get(process) ?? begin(process, stdoutChain(process))).add(line);
  }
  const names = new Set(found.map(({ name }) => name));
  const absent = [...anchorOf.values()].filter(({ file, records }) => records > 0 && !names.has(file));
  // A chain that ends before the lines, or after them, is in another log
  const isLost = (anchor: JournalAnchor): boolean =>
    anchor.node === node && Number(anchor.newestAt) >= oldestAt && Number(anchor.newestAt) <= newestAt;
  return {
    chains: found.length,
    records: found.reduce((sum, { records }) => sum + records, 0),
    otherLines,
    problems: [
      ...found.flatMap((chain) => chain.problem() ?? []),
      ...unread,
      ...absent.filter(isLost).map(({ file, records }) => wholeFile(file, `None of its ${records} records is here.`)),
    ],
    notes: [
      ...found.filter(({ startsLate }) => startsLate).map(({ name }) => ({ file: name, record: 1, detail: late })),
      ...elsewhere(absent.filter((anchor) => !isLost(anchor))),
    ],
  };

  function begin(process: string, name: string): ShippedChain {
    const chain = new ShippedChain(name, anchorOf.get(name));
    current.set(process, chain);
    found.push(chain);
    return chain;
  }
}

const late = "The records before this one are not here, so they were not checked.";

const wholeFile = (file: string, detail: string): JournalProblem => ({ file, record: null, detail });

/** One note, because each start of a service makes a chain. */
function elsewhere([first, ...others]: readonly JournalAnchor[]): readonly JournalProblem[] {
  if (first === undefined) return [];
  const whose = others.length === 0 ? "Its records" : `Its records, and those of ${others.length} more chains,`;
  return [
    wholeFile(first.file, `${whose} were not checked: they are of another time than these lines, or another node.`),
  ];
}

/** The process that wrote a file: `<day>-<process>-<number>`. */
const writerOf = (file: string): string => file.split("-")[1] ?? "";

class ShippedChain {
  readonly name: string;
  readonly #anchor: JournalAnchor | undefined;
  #check: ChainCheck | undefined;
  #startsLate = false;
  #isAnchorReached = false;

  constructor(name: string, anchor: JournalAnchor | undefined) {
    this.name = name;
    this.#anchor = anchor;
  }

  get records(): number {
    return this.#check?.records ?? 0;
  }

  /** Its first record is not here, so its records cannot be counted. */
  get startsLate(): boolean {
    return this.#startsLate;
  }

  add(line: Buffer): void {
    this.#check ??= this.#begin(prevOf(line) ?? "");
    this.#check.add(line);
    this.#isAnchorReached ||= this.#check.hash === this.#anchor?.hash;
  }

  problem(): JournalProblem | undefined {
    const broken = this.#check?.finish();
    if (broken !== undefined) return { file: this.name, ...broken };
    const isCutOff = this.startsLate && this.#anchor !== undefined && !this.#isAnchorReached;
    return isCutOff ? { file: this.name, record: this.records + 1, detail: cutOff } : undefined;
  }

  #begin(start: string): ChainCheck {
    this.#startsLate = start !== hashOf(this.name);
    return new ChainCheck(start, this.#startsLate ? undefined : this.#anchor);
  }
}

const cutOff = "The newest record that the store knows is not here: the end was cut off, or a record was changed.";
