import type { Verification } from "@carnet/protocol/admin/audit";
import type { LinesResult } from "@carnet/server/journal/verify-lines";
import { ProgressBar } from "../progress-bar.ts";
import { printable } from "../table.ts";
import { columnsOf, wrapLine } from "../wrap.ts";

interface OutputOptions {
  readonly json?: boolean;
}

interface Finding {
  readonly file: string;
  readonly record: number | null;
  readonly detail: string;
}

/** What every verification says. */
interface Result {
  readonly records: number;
  readonly problems: readonly Finding[];
  readonly notes: readonly Finding[];
}

/** Shows progress with a rate, and prints the result. The exit code is 1 if there is a problem. */
export async function reportSteps(steps: AsyncIterable<Verification>, { json }: OutputOptions): Promise<void> {
  const elapsed = stopwatch();
  let bar: ProgressBar | undefined;
  try {
    for await (const step of steps) {
      if (step.type === "progress") {
        bar ??= new ProgressBar("bytes", step.total_bytes);
        bar.moveTo(step.bytes, `, ${rateOf(step.records, elapsed())}`);
        continue;
      }
      bar?.finish();
      const { type: _, ...result } = step;
      const elsewhere = result.other_nodes.map(
        ({ node, files }) =>
          `Not checked: ${count(files, "file")} of ${node}. Run this there too, with its address in --server-url.`,
      );
      const what = `in ${count(result.files, "file")}`;
      print(json ? { ...result, seconds: elapsed() } : describe(result, { what, elsewhere, seconds: elapsed() }));
      failIf(result.problems.length > 0);
    }
  } finally {
    bar?.finish();
  }
}

/** Prints the result of lines that were kept elsewhere. The exit code is 1 if there is a problem, or no record. */
export async function reportLines(check: Promise<LinesResult>, { json }: OutputOptions): Promise<void> {
  const elapsed = stopwatch();
  const { chains: processes, otherLines: other_lines, ...result } = await check;
  const what = `of ${count(processes, "chain")} among ${count(other_lines, "other line")}`;
  print(
    json
      ? { processes, other_lines, ...result, seconds: elapsed() }
      : describe(result, { what, elsewhere: [], seconds: elapsed() }),
  );
  failIf(result.problems.length > 0 || result.records === 0);
}

function describe(
  { records, problems, notes }: Result,
  { what, elsewhere, seconds }: { what: string; elsewhere: readonly string[]; seconds: number },
): readonly string[] {
  const verdict =
    problems.length > 0
      ? [
          "The journal is not as it was written:",
          ...problems.map((problem) => `  ${describeFinding(problem)}`),
          "Keep the files and the store as they are, and compare them with an export or a backup.",
        ]
      : [records === 0 ? "There is no record to check." : "The journal is complete and unaltered."];
  return [
    `Checked ${count(records, "record")} ${what} in ${seconds.toFixed(1)} s, ${rateOf(records, seconds)}.`,
    ...notes.map((note) => `Note: ${describeFinding(note)}`),
    ...elsewhere,
    ...verdict,
  ];
}

const describeFinding = ({ file, record, detail }: Finding): string =>
  `${file}${record === null ? "" : `, record ${record}`}: ${detail}`;

function print(result: readonly string[] | object): void {
  const columns = columnsOf(process.stdout);
  process.stdout.write(
    Array.isArray(result)
      ? result.map((line) => `${wrapLine(printable(line), columns)}\n`).join("")
      : `${JSON.stringify(result, null, 2)}\n`,
  );
}

function failIf(isBad: boolean): void {
  if (isBad) process.exitCode = 1;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const rateOf = (records: number, seconds: number): string =>
  `${Math.round(records / Math.max(seconds, 0.001))} records per second`;

/** Seconds since it was made. */
function stopwatch(): () => number {
  const start = process.uptime();
  return () => Number((process.uptime() - start).toFixed(3));
}
