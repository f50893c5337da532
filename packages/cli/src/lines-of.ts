import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** The lines of a file, or of standard input for `-`. */
export function linesOf(file: string): AsyncIterable<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  input.on("error", () => {}); // The iteration reports it.
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}
