import { NewClient } from "@carnet/protocol/admin/clients";
import { maxImportBatch } from "@carnet/protocol/admin/max-import-batch";
import { schemaProblems } from "@carnet/protocol/admin/schema-problems";
import { parseJsonBody } from "@carnet/server/json-body";
import { Check } from "typebox/value";
import { describeErrors } from "../admin/refusals.ts";
import { linesOf } from "../lines-of.ts";

/** A line that was not imported, and why. It never quotes the line. */
export interface FailedLine {
  readonly line: number;
  readonly client_id: string | null;
  readonly problem: string;
}

/** Consecutive lines of the file, and the clients that they describe. */
export interface Batch {
  readonly firstLine: number;
  readonly lines: number;
  readonly clients: readonly { readonly line: number; readonly client: NewClient }[];
  readonly failed: readonly FailedLine[];
}

/** The most characters per request: half of the admin API's limit in bytes. */
const maxBatchCharacters = 1024 * 1024;

/** Groups the lines of a file, or of standard input for `-`, into requests. */
export async function* readBatches(file: string): AsyncGenerator<Batch> {
  let batch = emptyBatch(1);
  let line = 0;
  for await (const text of linesOf(file)) {
    line++;
    if (batch.clients.length > 0 && batch.characters + text.length > maxBatchCharacters) {
      yield batch;
      batch = emptyBatch(line);
    }
    batch.lines++;
    batch.characters += text.length;
    if (text.trim() === "") continue;
    const read = parseLine(text);
    if (typeof read === "string") batch.failed.push({ line, client_id: null, problem: read });
    else batch.clients.push({ line, client: read });
    if (batch.clients.length + batch.failed.length < maxImportBatch) continue;
    yield batch;
    batch = emptyBatch(line + 1);
  }
  if (batch.lines > 0) yield batch;
}

const emptyBatch = (firstLine: number) => ({
  firstLine,
  lines: 0,
  characters: 0,
  clients: [] as { line: number; client: NewClient }[],
  failed: [] as FailedLine[],
});

/** Does not quote the line, which has a secret. */
const notJson = "is not a JSON object";

/** The client on a line, or a description of the problem. */
function parseLine(text: string): NewClient | string {
  const parsed = parseJsonBody(Buffer.from(text)); // Unlike JSON.parse, refuses a member that appears twice.
  if (!parsed.ok) return parsed.error.errors === undefined ? notJson : describeErrors(parsed.error.errors).join("; ");
  if (Check(NewClient, parsed.value)) return parsed.value;
  return describeErrors(schemaProblems(NewClient, parsed.value)).join("; ");
}
