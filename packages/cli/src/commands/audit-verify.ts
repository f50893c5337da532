import type { Verification } from "@carnet/protocol/admin/audit";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { ProgressBar } from "../progress-bar.ts";
import { printable } from "../table.ts";

interface VerifyOptions {
  readonly json?: boolean;
}

type Result = Extract<Verification, { type: "result" }>;

/** `carnet audit verify`: is the record complete and unaltered? */
export function addAuditVerifyCommand(audit: Command): void {
  const command = audit
    .command("verify")
    .description(
      "Check that no record of the journal is missing, added or altered: the hash of every record, and each file against its anchor in the store. " +
        "Exit code 1 if there is a problem.",
    )
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((options: VerifyOptions) =>
    withAdminApi(command, (api) => report(api.verifyJournal(), options)),
  );
}

async function report(steps: AsyncIterable<Verification>, { json }: VerifyOptions): Promise<void> {
  const started = process.uptime();
  let bar: ProgressBar | undefined;
  for await (const step of steps) {
    const seconds = process.uptime() - started;
    if (step.type === "progress") {
      bar ??= new ProgressBar("bytes", step.total_bytes);
      bar.moveTo(step.bytes, `, ${rateOf(step.records, seconds)}`);
    } else {
      bar?.finish();
      if (step.problems.length > 0) process.exitCode = 1;
      process.stdout.write(json ? `${JSON.stringify(resultOf(step, seconds), null, 2)}\n` : describe(step, seconds));
    }
  }
}

const resultOf = ({ type: _, ...result }: Result, seconds: number) => ({
  ...result,
  seconds: Number(seconds.toFixed(3)),
});

function describe({ files, records, problems, notes, other_nodes }: Result, seconds: number): string {
  const lines = [
    `Checked ${count(records, "record")} in ${count(files, "file")} in ${seconds.toFixed(1)} s, ${rateOf(records, seconds)}.`,
    ...notes.map((note) => `Note: ${describeFinding(note)}`),
    ...other_nodes.map(
      ({ node, files }) => `Not checked: ${count(files, "file")} of ${node}. Run this against that node too.`,
    ),
    ...(problems.length === 0
      ? ["The journal is complete and unaltered."]
      : [
          "The journal is not as it was written:",
          ...problems.map((problem) => `  ${describeFinding(problem)}`),
          "Keep the folder and the store as they are, and compare them with an export or a backup.",
        ]),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

const describeFinding = ({ file, record, detail }: Result["problems"][number]): string =>
  `${file}${record === null ? "" : `, record ${record}`}: ${detail}`;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const rateOf = (records: number, seconds: number): string =>
  `${Math.round(records / Math.max(seconds, 0.001))} records per second`;
