import { createWriteStream, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import type { AdminApi } from "../admin/admin-api.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { confirm } from "../confirm.ts";
import { Failure, notice } from "../failure.ts";
import { timeOrAgo } from "../option-values.ts";
import { ProgressBar } from "../progress-bar.ts";

interface ExportOptions {
  readonly since?: string;
  readonly until?: string;
  readonly output?: string | undefined;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `carnet audit export`: the journal of one node as it is, hashes included. */
export function addAuditExportCommand(audit: Command): void {
  const command = audit
    .command("export")
    .description("Export the journal of the node that answers, as JSON Lines with the hash of each line before.")
    .option("--since <time>", "Only events at or after this time, date or duration ago, such as 24h", timeOrAgo)
    .option("--until <time>", "Only events before this time, date or duration ago", timeOrAgo)
    .option("-o, --output <file>", "Write to a file, readable by you only (default, and for -: standard output)")
    .option("--yes", "Replace an existing file without asking")
    .option("--json", "With --output, print the result as JSON");
  addConnectionOptions(command).action(async ({ yes, ...options }: ExportOptions) => {
    const output = options.output === "-" ? undefined : options.output;
    if (output !== undefined && statSync(output, { throwIfNoEntry: false })?.isFile())
      await confirm(`Replace the file ${output}?`, { yes });
    await withAdminApi(command, (api) => exportTo(api, { ...options, output }), { since: "--since", until: "--until" });
  });
}

async function exportTo(api: AdminApi, { since, until, output, json }: ExportOptions): Promise<void> {
  const chunks = await api.exportJournal({ since, until });
  const bar = output === undefined ? undefined : new ProgressBar("records", undefined);
  let records = 0;
  if (output === undefined) {
    await pipeline(chunks, counted, process.stdout, { end: false });
    if (records === 0) notice(nothing);
    return;
  }
  const partial = `${output}.partial`;
  try {
    await pipeline(chunks, counted, createWriteStream(partial, { mode: 0o600 }));
    await rename(partial, output);
  } catch (error) {
    throw describeFileError(output, error);
  } finally {
    bar?.finish();
  }
  if (json) process.stdout.write(`${JSON.stringify({ file: output, records }, null, 2)}\n`);
  else process.stderr.write(`${records} records were written to ${output}.\n`);
  if (records === 0) notice(nothing);

  async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let unfinished = "";
    for await (const chunk of source) {
      const lines = (unfinished + Buffer.from(chunk).toString("latin1")).split("\n");
      unfinished = lines.pop() ?? "";
      const found = lines.filter((line) => !line.startsWith('{"journal_file":')).length;
      records += found;
      bar?.advance(found);
      yield chunk;
    }
  }
}

const nothing = "The journal of this node has no record in this time. Give an earlier --since or a later --until.";

function describeFileError(output: string, error: unknown): unknown {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return error;
  return new Failure(
    `The file ${output} cannot be written (${error.code}). Check its folder and the disk, or name another file with --output.`,
  );
}
