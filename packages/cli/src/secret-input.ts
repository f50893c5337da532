import { isUtf8 } from "node:buffer";
import { Failure } from "./failure.ts";

/** Where a secret is read from: standard input, as much of it as is used here. */
export interface SecretSource extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  pause(): unknown;
}

/**
 * Reads one line from standard input. A secret never comes by a flag: those are seen by everybody on the machine and
 * stay in the shell's history. On a terminal it asks, and shows nothing of what is typed.
 */
export async function readSecretFromInput(what: string, source: SecretSource = process.stdin): Promise<string> {
  const terminal = source.isTTY === true;
  if (terminal) process.stderr.write(`Type ${what}, then Enter (it is not shown): `);
  if (terminal) source.setRawMode?.(true);
  try {
    const line = terminal ? await typedLine(source) : await firstLine(source);
    if (line === "")
      throw new Failure(`Standard input holds no secret: ${terminal ? "type" : "pipe"} ${what} in as one line.`);
    return line;
  } finally {
    if (terminal) source.setRawMode?.(false);
    if (terminal) process.stderr.write("\n");
    source.pause();
  }
}

const newline = 0x0a;
const enter = 0x0d;
const interrupt = 0x03; // Ctrl+C, which a terminal in raw mode hands on
const endOfInput = 0x04; // Ctrl+D

async function firstLine(source: SecretSource): Promise<string> {
  const { line } = await readUntil(source, [newline]);
  return decode(line).replace(/\r$/, "");
}

async function typedLine(source: SecretSource): Promise<string> {
  const { line, end } = await readUntil(source, [newline, enter, interrupt, endOfInput]);
  if (end === interrupt) throw new Failure("Stopped: nothing was done.");
  const typed: string[] = [];
  for (const char of decode(line)) {
    if (char === "\u007f" || char === "\b") typed.pop();
    else typed.push(char);
  }
  return typed.join("");
}

/** What comes before the first of some bytes, or all there is. */
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

/** Not turned into replacement characters without a word: a secret kept so would never fit again. */
function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Failure("The secret is not UTF-8 text: convert it, for example with `iconv -t utf-8`.");
  return bytes.toString("utf8");
}
