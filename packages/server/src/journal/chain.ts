import { hash } from "node:crypto";

/**
 * The chain of a journal. Each line ends with the hash of the line before it in the same file. The first line has the
 * hash of the file's name, without folder and ending, so that a file cannot stand in for another. The lines that a
 * process writes to stdout are a chain as well, under the name `stdout-<process>`.
 */

/** SHA-256, in hex: of a line without its newline, or of a name. */
export const hashOf = (text: string | Uint8Array): string => hash("sha256", text, "hex");

/** The line of an event. `json` is that of `eventJson`. */
export const chainedLine = (json: string, prev: string): string => `${json.slice(0, -1)}${marker}${prev}"}`;

const marker = ',"prev":"';

/** How many bytes `chainedLine` adds to the JSON of an event, which also ends with a brace. */
const addedBytes = marker.length + 64 + 1;

/** The event of a line, without the hash. */
export const eventOf = (line: string): string => `${line.slice(0, -addedBytes - 1)}}`;

/** The hash at the end of a line; undefined: this is not a line of a journal. */
export function prevOf(line: Buffer): string | undefined {
  const end = line.toString("latin1", Math.max(0, line.length - addedBytes - 1));
  return /^,"prev":"([0-9a-f]{64})"\}$/.exec(end)?.[1];
}

export const stdoutChain = (process: string): string => `stdout-${process}`;

export const isStdout = (chain: string): boolean => chain.startsWith(stdoutChain(""));
