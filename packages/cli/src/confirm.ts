import { createInterface } from "node:readline/promises";
import { Failure } from "./failure.ts";

/** Asks before something that cannot be taken back, on a terminal. A script is taken at its word. */
export async function confirm(question: string, { yes }: { readonly yes?: boolean | undefined }): Promise<void> {
  if (yes === true || process.stdin.isTTY !== true) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure("Stopped: nothing was done.");
  } finally {
    terminal.close();
  }
}
