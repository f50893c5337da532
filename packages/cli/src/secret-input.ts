import { isUtf8 } from "node:buffer";
import { Failure } from "./failure.ts";

/** The part of standard input that is used here. */
export interface SecretSource extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  pause(): unknown;
}

/**
 * Reads one line from standard input, with a prompt and without echo on a terminal. There is no flag for a secret, because
 * flags are visible to every user of the machine and stay in the shell history.
 */
export async function readSecretFromInput(what: string, source: SecretSource = process.stdin): Promise<string> {
  const terminal = source.isTTY === true;
  if (terminal) process.stderr.write(`Type ${what}, then Enter (it is not shown): `);
  if (terminal) source.setRawMode?.(true);
  try {
    const line = terminal ? await typedLine(source) : await firstLine(source);
    if (line === "")
      throw new Failure(`Standard input has no secret. ${terminal ? "Type" : "Pipe"} ${what} in as one line.`);
    return line;
  } finally {
    if (terminal) source.setRawMode?.(false);
    if (terminal) process.stderr.write("\n");
    source.pause();
  }
}

const newline = 0x0a;
const enter = 0x0d;
const interrupt = 0x03; // Ctrl+C, which raw mode passes through as a byte.
const endOfInput = 0x04; // Ctrl+D.

async function firstLine(source: SecretSource): Promise<string> {
  const { line } = await readUntil(source, [newline]);
  return decode(line).replace(/\r$/, "");
}

async function typedLine(source: SecretSource): Promise<string> {
  const { line, end } = await readUntil(source, [newline, enter, interrupt, endOfInput]);
  if (end === interrupt) throw new Failure("Cancelled. Nothing was changed.");
  const typed: string[] = [];
  for (const char of decode(line)) {
    if (char === "\u007f" || char === "\b") typed.pop();
    else typed.push(char);
  }
  return typed.join("");
}

/** Reads until one of the given bytes, or to the end. */
async function readUntil(source: SecretSource, ends: readonly number[]): Promise<{ line: Buffer; end?: number }> {
  let read = Buffer.alloc(0);
  for await (const chunk of source) {
    read = Buffer.concat([read, chunk]);
    const at = read.findIndex((byte) => ends.includes(byte));
    const end = read[at];
    if (end !== undefined) return { line: read.subarray(0, at), end };
  }
  return { line: read };
}

/** Rejects invalid UTF-8. Replacement characters would store a secret that never matches. */
function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Failure("The secret is not UTF-8 text. Convert it, for example with `iconv -t utf-8`.");
  return bytes.toString("utf8");
}
