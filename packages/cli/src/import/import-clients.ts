import { createReadStream } from "node:fs";
import { codeOf } from "@carnet/server/fault";
import type { AdminApi } from "../admin/admin-api.ts";
import { describeErrors, explainRefusals } from "../admin/refusals.ts";
import { Failure } from "../failure.ts";
import { noticeNoScopes } from "../no-scopes-notice.ts";
import { ProgressBar } from "../progress-bar.ts";
import { withNote } from "../sdk-failure.ts";
import { printable } from "../table.ts";
import { type Batch, type FailedLine, readBatches } from "./batches.ts";

export interface ImportOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Imports the clients of a file in batches and reports the result. Holds only one batch in memory. */
export async function importClients(
  api: AdminApi,
  { file, dryRun = false, json = false }: ImportOptions,
): Promise<void> {
  const bar = new ProgressBar(dryRun ? "checked" : "imported", file === "-" ? undefined : await countLines(file));
  const failed: FailedLine[] = [];
  let imported = 0;
  let unchanged = 0;
  let withoutScopes = 0;
  let failures = 0;
  try {
    for await (const batch of readBatches(file)) {
      const outcome = await send(api, batch, dryRun).catch((error: unknown) => {
        throw stoppedAt(error, { line: batch.firstLine, imported, dryRun });
      });
      imported += outcome.imported;
      unchanged += outcome.unchanged;
      withoutScopes += outcome.without_scopes;
      failures += outcome.failed.length;
      if (json) failed.push(...outcome.failed);
      else {
        if (outcome.failed.length > 0) bar.finish();
        process.stderr.write(outcome.failed.map(describe).join(""));
      }
      bar.advance(batch.lines);
    }
  } finally {
    bar.finish();
  }
  process.stdout.write(
    json
      ? `${JSON.stringify({ dry_run: dryRun, imported, unchanged, failed }, null, 2)}\n`
      : `${imported} ${dryRun ? "would be " : ""}imported, ${unchanged} unchanged, ${failures} failed.\n`,
  );
  noticeNoScopes(withoutScopes);
  if (failures > 0) process.exitCode = 1;
}

/** Imports a batch. Returns its failures in line order. */
async function send(api: AdminApi, batch: Batch, dryRun: boolean) {
  const clients = batch.clients.map(({ client }) => client);
  const outcome =
    clients.length === 0
      ? { imported: 0, unchanged: 0, without_scopes: 0, failed: [] }
      : await explainRefusals(() => api.importClients({ clients }, dryRun));
  const refused = outcome.failed.map(({ position, client_id, problem, errors }): FailedLine => {
    const problems = errors.length === 0 ? [problem] : describeErrors(errors);
    return { line: batch.clients[position]?.line ?? batch.firstLine, client_id, problem: problems.join("; ") };
  });
  return { ...outcome, failed: [...batch.failed, ...refused].sort((a, b) => a.line - b.line) };
}

const describe = ({ line, client_id, problem }: FailedLine): string =>
  `${printable(`line ${line}${client_id === null ? "" : ` (${client_id})`}: ${problem}`)}\n`;

function stoppedAt(
  error: unknown,
  { line, imported, dryRun }: { line: number; imported: number; dryRun: boolean },
): unknown {
  if (dryRun) return error;
  return withNote(
    error,
    `The import stopped at line ${line} after ${imported} clients. Fix the problem and run it again. Clients that are already registered stay unchanged.`,
  );
}

async function countLines(file: string): Promise<number> {
  let lines = 0;
  let last = 0x0a;
  try {
    for await (const chunk of createReadStream(file)) {
      for (const byte of chunk as Buffer) if (byte === 0x0a) lines++;
      last = (chunk as Buffer).at(-1) ?? last;
    }
  } catch (error) {
    throw new Failure(
      `The file ${file} cannot be read${codeOf(error)}. Give the path of a JSON Lines file, or - for standard input.`,
    );
  }
  return last === 0x0a ? lines : lines + 1;
}
