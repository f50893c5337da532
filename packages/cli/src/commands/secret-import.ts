import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type ClientImport, maxImportBatch, NewClient } from "@carnet/protocol/admin/clients";
import type { Command } from "commander";
import { Check } from "typebox/value";
import type { AdminApi } from "../admin/admin-api.ts";
import { addConnectionOptions, withAdminApi } from "../admin/connection.ts";
import { refuseWithFlags } from "../admin/refusals.ts";
import { Failure } from "../failure.ts";
import { ProgressBar } from "../progress-bar.ts";

interface ImportOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `carnet secret import`: existing clients with their existing secrets, in bulk and in bounded memory. */
export function addSecretImportCommand(secret: Command): void {
  const command = secret
    .command("import")
    .description(
      'Import existing clients and secrets from JSON Lines, such as {"client_id": "a1", "scope": "file:read", "secret": {"value": "…"}}. ' +
        "One that cannot be imported stops none of the others.",
    )
    .requiredOption("-f, --file <path>", "The file, or - for standard input")
    .option("--dry-run", "Only say what would come of it")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((options: ImportOptions) => withAdminApi(command, (api) => run(api, options)));
}

interface Failed {
  readonly line: number;
  readonly client_id: string | null;
  readonly problem: string;
}

async function run(api: AdminApi, { file, dryRun = false, json = false }: ImportOptions): Promise<void> {
  const bar = new ProgressBar(dryRun ? "looked at" : "imported", file === "-" ? undefined : await countLines(file));
  const failed: Failed[] = [];
  let imported = 0;
  for await (const batch of batches(linesOf(file), failed)) {
    const clients = batch.map(({ client }) => client);
    const outcome = await refuseWithFlags({}, () => api.importClients({ clients }, dryRun));
    imported += outcome.imported;
    for (const { position, client_id, problem } of outcome.failed)
      failed.push({ line: batch[position]?.line ?? 0, client_id, problem });
    bar.advance(batch.length);
  }
  bar.finish();
  failed.sort((a, b) => a.line - b.line);
  if (json) process.stdout.write(`${JSON.stringify({ dry_run: dryRun, imported, failed }, null, 2)}\n`);
  else {
    for (const { line, client_id, problem } of failed)
      process.stderr.write(`line ${line}${client_id ? ` (${client_id})` : ""}: ${problem}\n`);
    process.stdout.write(`${imported} ${dryRun ? "would be " : ""}imported, ${failed.length} failed.\n`);
  }
  if (failed.length > 0) process.exitCode = 1;
}

interface Line {
  readonly line: number;
  readonly client: ClientImport["clients"][number];
}

/** Lines put together into requests; a line that is no client is noted and left out. */
async function* batches(lines: AsyncIterable<string>, failed: Failed[]): AsyncGenerator<readonly Line[]> {
  let batch: Line[] = [];
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() === "") continue;
    const client = parseLine(text);
    if (client === undefined)
      failed.push({
        line,
        client_id: null,
        problem: "is no JSON object of a client: client_id, secret.value and what else a client has",
      });
    else batch.push({ line, client });
    if (batch.length < maxImportBatch) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function parseLine(text: string): Line["client"] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Check(NewClient, parsed) ? parsed : undefined;
  } catch {
    return undefined; // the parser's message would quote the line, and the secret in it
  }
}

function linesOf(file: string): AsyncIterable<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  input.on("error", () => {}); // reported by the reading below
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

async function countLines(file: string): Promise<number> {
  let lines = 0;
  try {
    for await (const chunk of createReadStream(file)) for (const byte of chunk as Buffer) if (byte === 0x0a) lines++;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    throw new Failure(
      `The file ${file} cannot be read${code}: give the path of a JSON Lines file, or - for standard input.`,
    );
  }
  return lines;
}
