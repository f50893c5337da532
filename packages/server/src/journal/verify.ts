import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@carnet/core/ports";
import { isStdout } from "./chain.ts";
import { type CheckedFile, checkFile, damageOf } from "./check-file.ts";
import type { JournalAnchor, JournalAnchors } from "./journal-anchors.ts";
import {
  compressedEnding,
  type ListedFile,
  listJournal,
  openListed,
  plainEnding,
  unlessMissing,
} from "./journal-listing.ts";
import type { JournalProblem, VerifyProgress, VerifyResult } from "./journal-reader.ts";

export interface VerifyPorts {
  readonly folder: string;
  readonly anchors: Pick<JournalAnchors, "list">;
  /** The name of this node. Its files must all be in the folder. */
  readonly node: string;
  /** undefined: no service is running. */
  readonly clock: Clock | undefined;
}

/** The bytes on disk after which progress is reported. */
const progressBytes = 4 * 1024 * 1024;

/** Checks every file of the folder. Files that are begun after the call are not checked. */
export async function* verifyJournal(ports: VerifyPorts): AsyncGenerator<VerifyProgress | VerifyResult> {
  const files = await listJournal(ports.folder);
  const anchors = await anchorsByFile(ports); // before the files are read, because some of them grow
  const totalBytes = await sizeOf(ports.folder, files);
  let [records, bytes] = [0, 0];
  const findings: Finding[] = [];
  for (const listed of files) {
    const anchor = anchors.get(listed.name);
    if (anchor === undefined) continue;
    let inFile = { records: 0, bytes: 0 };
    for await (const step of verifyFile(ports, { listed, anchor })) {
      if ("isProblem" in step) findings.push(step);
      else {
        inFile = step;
        yield { type: "progress", records: records + step.records, bytes: bytes + step.bytes, totalBytes };
      }
    }
    records += inFile.records;
    bytes += inFile.bytes;
  }
  findings.push(...(await misplacedFiles(ports, { files, anchors })));
  yield {
    type: "result",
    files: files.length,
    records,
    problems: findings.filter(({ isProblem }) => isProblem).map(({ problem }) => problem),
    notes: findings.filter(({ isProblem }) => !isProblem).map(({ problem }) => problem),
    otherNodes: filesElsewhere([...anchors.values()], { files, node: ports.node }),
  };
}

interface Finding {
  readonly isProblem: boolean;
  readonly problem: JournalProblem;
}

/** Yields how far the file was checked, every few megabytes and at its end, and what was found. */
async function* verifyFile(
  { folder, clock }: VerifyPorts,
  { listed, anchor }: { readonly listed: ListedFile; readonly anchor: JournalAnchor },
): AsyncGenerator<{ records: number; bytes: number } | Finding, void, undefined> {
  const { name } = listed;
  try {
    await using file = await openListed(folder, listed);
    if (file === undefined) return; // `misplacedFiles` finds out why
    const blocks = checkFile(file, anchor);
    let [bytes, reported] = [0, 0];
    for (;;) {
      const { done, value } = await blocks.next();
      if (done === true) {
        yield { records: value.records, bytes };
        if (value.problem !== undefined) yield { isProblem: true, problem: value.problem };
        else yield* notesOn(value, { anchor, now: clock?.now() ?? Number.POSITIVE_INFINITY });
        return;
      }
      bytes = value.end;
      if (bytes - reported < progressBytes) continue;
      reported = bytes;
      yield { records: value.records, bytes };
    }
  } catch (error) {
    yield { isProblem: true, problem: { file: name, record: null, detail: damageOf(error) } };
  }
}

/** Longer than a running process takes to anchor its newest records, in milliseconds. */
const anchoredWithin = 120_000;

/** What is unusual about the end of a whole file. */
function* notesOn(
  { records, tornBytes }: CheckedFile,
  { anchor, now }: { readonly anchor: JournalAnchor; readonly now: number },
): Generator<Finding, void, undefined> {
  const note = (record: number, detail: string): Finding => ({
    isProblem: false,
    problem: { file: anchor.file, record, detail },
  });
  const first = anchor.records + 1;
  if (records >= first && anchor.anchoredAt < now - anchoredWithin) {
    const which = first === records ? `Record ${first}` : `Records ${first} to ${records}`;
    const time = new Date(anchor.anchoredAt).toISOString();
    yield note(first, `${which} came after the last anchor (${time}) and cannot be checked against the store yet.`);
  }
  if (tornBytes > 0) yield note(records + 1, torn);
}

const torn = "Only part of this record was written, because the process was killed. Nothing was answered before it.";

/** Files without anchor and anchors without file, if they still are when looked at again: a service may be running. */
async function misplacedFiles(
  ports: VerifyPorts,
  before: { readonly files: readonly ListedFile[]; readonly anchors: ReadonlyMap<string, JournalAnchor> },
): Promise<readonly Finding[]> {
  const anchors = await anchorsByFile(ports);
  const files = new Set((await listJournal(ports.folder)).map(({ name }) => name));
  const unknown = before.files.filter(({ name }) => files.has(name) && !anchors.has(name));
  const missing = [...before.anchors.keys()].filter((name) => {
    const anchor = anchors.get(name);
    // The store knows a file before it is made; without an anchored record, nothing is known to be missing
    const hasRecords = anchor !== undefined && anchor.records > 0 && anchor.state !== "deleting";
    return hasRecords && anchor.node === ports.node && !isStdout(name) && !files.has(name);
  });
  const problem = (file: string, detail: string): Finding => ({
    isProblem: true,
    problem: { file, record: null, detail },
  });
  return [
    ...unknown.map(({ name }) => problem(name, "The store does not know this file: it was renamed, or put there.")),
    ...missing.map((name) => problem(name, "The file is missing: it was removed, renamed or moved.")),
  ];
}

async function anchorsByFile({ anchors }: VerifyPorts): Promise<ReadonlyMap<string, JournalAnchor>> {
  return new Map((await anchors.list()).map((anchor) => [anchor.file, anchor]));
}

function filesElsewhere(anchors: readonly JournalAnchor[], here: { files: readonly ListedFile[]; node: string }) {
  const names = new Set(here.files.map(({ name }) => name));
  const counts = new Map<string, number>();
  for (const { file, node, state } of anchors) {
    if (node === here.node || names.has(file) || isStdout(file) || state === "deleting") continue;
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return [...counts].map(([node, files]) => ({ node, files }));
}

async function sizeOf(folder: string, files: readonly ListedFile[]): Promise<number> {
  let bytes = 0;
  for (const { name, isCompressed } of files) {
    const path = join(folder, name + (isCompressed ? compressedEnding : plainEnding));
    bytes += (await unlessMissing(stat(path)))?.size ?? 0;
  }
  return bytes;
}
