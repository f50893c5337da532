import { setImmediate as endOfTurn } from "node:timers/promises";
import { describeFault } from "../fault.ts";
import { encodeIndex, indexBlock } from "./block-index.ts";
import { hashOf } from "./chain.ts";
import { ChainCheck } from "./chain-check.ts";
import { readCompressedBlocks } from "./compressed-blocks.ts";
import type { JournalAnchor } from "./journal-anchors.ts";
import type { OpenedFile } from "./journal-listing.ts";
import type { JournalProblem } from "./journal-reader.ts";
import { type Block, DamagedFile, linesOf, readPlainBlocks } from "./plain-blocks.ts";

export interface CheckedFile {
  readonly records: number;
  /** The hash of the last record. */
  readonly hash: string;
  /** The bytes after the last newline: part of a record, if the process was killed while it wrote. */
  readonly tornBytes: number;
  readonly problem: JournalProblem | undefined;
}

export interface CheckedBlock extends Block {
  /** The number of records up to the end of the block. */
  readonly records: number;
}

/** Checks a file's chain, and its anchor. Yields each block after checking it, and returns what was found. */
export async function* checkFile(
  file: OpenedFile,
  anchor: JournalAnchor,
): AsyncGenerator<CheckedBlock, CheckedFile, undefined> {
  const check = new ChainCheck(hashOf(file.name), anchor);
  let tornBytes = 0;
  try {
    tornBytes = yield* file.isCompressed ? checkCompressed(file, check) : checkPlain(file, check);
  } catch (error) {
    const broken = check.problem ?? { record: check.records + 1, detail: damageOf(error) };
    return { records: check.records, hash: check.hash, tornBytes, problem: { file: file.name, ...broken } };
  }
  const { records, hash } = check;
  const broken = check.finish() ?? (anchor.state === "open" ? undefined : appended({ records, tornBytes }, anchor));
  return { records, hash, tornBytes, problem: broken && { file: file.name, ...broken } };
}

/** Checks a file, and calls a function with each block. */
export async function checkFileWith(
  file: OpenedFile,
  anchor: JournalAnchor,
  visit: (block: CheckedBlock) => Promise<void> | void,
): Promise<CheckedFile> {
  const blocks = checkFile(file, anchor);
  for (;;) {
    const { done, value } = await blocks.next();
    if (done === true) return value;
    await endOfTurn(); // checking took its share already
    await visit(value);
  }
}

async function* checkPlain({ handle }: OpenedFile, check: ChainCheck): AsyncGenerator<CheckedBlock, number, undefined> {
  const blocks = readPlainBlocks(handle);
  for (;;) {
    const { done, value } = await blocks.next();
    if (done === true) return value;
    for (const line of linesOf(value)) check.add(line);
    yield { ...value, records: check.records };
  }
}

async function* checkCompressed(
  { handle }: OpenedFile,
  check: ChainCheck,
): AsyncGenerator<CheckedBlock, number, undefined> {
  for await (const block of readCompressedBlocks(handle)) {
    for (const line of linesOf(block)) check.add(line);
    await endOfTurn();
    // A wrong index would hide records from searches
    if (!encodeIndex(indexBlock(block.lines)).equals(encodeIndex(block.index))) throw new DamagedFile(wrongIndex);
    yield { ...block, records: check.records };
  }
  return 0;
}

const wrongIndex = "has a search index that does not fit its records: decompress it, and Carnet compresses it again";

function appended(found: Pick<CheckedFile, "records" | "tornBytes">, anchor: JournalAnchor) {
  const isLonger = found.records > anchor.records || found.tornBytes > 0;
  return isLonger ? { record: anchor.records + 1, detail: "This was added after the file was closed." } : undefined;
}

/** What is wrong with a file that cannot be read to its end, in a sentence. */
export function damageOf(error: unknown): string {
  if (error instanceof DamagedFile) return `The file ${error.message}.`;
  if (error instanceof Error && "code" in error) return `The file cannot be read: ${describeFault(error)}.`;
  throw error;
}
