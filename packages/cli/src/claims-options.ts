import { readFileSync } from "node:fs";
import { isJsonObject, type JsonObject } from "@carnet/protocol/json-merge-patch";
import { codeOf } from "@carnet/server/fault";
import { parseJsonBody } from "@carnet/server/json-body";
import { type Command, Option } from "commander";
import { describeErrors } from "./admin/refusals.ts";
import { Failure } from "./failure.ts";

/** The flags for static claims, of clients and of scopes. */
export interface ClaimsOptions {
  readonly claims?: string;
  readonly claimsFile?: string;
}

export const addClaimsOptions = (command: Command, description: string): Command =>
  command
    .option("--claims <json>", `${description}; an empty value removes all`)
    .addOption(new Option("--claims-file <path>", "A file with the claims as JSON").conflicts("claims"));

/** The claims that the flags give; null: remove all. Throws a Failure, which does not quote them, if they are malformed. */
export function readClaimsOptions({ claims, claimsFile: file }: ClaimsOptions): JsonObject | null | undefined {
  if (claims === "") return null;
  const text = file === undefined ? claims : readText(file);
  if (text === undefined) return undefined;
  const source = file === undefined ? "--claims" : `The file ${file}`;
  const read = parseJsonBody(Buffer.from(text)); // unlike JSON.parse, refuses a member that appears twice
  if (read.ok && isJsonObject(read.value)) return read.value;
  const errors = read.ok ? [] : (read.error.errors ?? []);
  const why = errors.length === 0 ? "is not a JSON object" : `is refused: ${describeErrors(errors).join("; ")}`;
  throw new Failure(`${source} ${why}. Write one such as {"tier":"gold"}, in single quotes on the command line.`);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`The file ${file} cannot be read${codeOf(error)}. Give the path of a file with a JSON object.`);
  }
}
