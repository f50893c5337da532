import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Failure } from "./failure.ts";

/** Where a question is asked: by default standard input, and standard error, since the output may go to a program. */
export interface Asking {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/** Asks before something that cannot be taken back. Where nobody can answer, only `--yes` lets it go on. */
export async function confirm(
  question: string,
  { yes }: { readonly yes?: boolean | undefined },
  { input, output }: Asking = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes === true) return;
  if (input.isTTY !== true)
    throw new Failure(`${question} Nothing was done: there is no terminal to ask on, so add --yes if it is meant.`);
  const terminal = createInterface({ input, output });
  const left = once(terminal, "close").then(() => ""); // the question alone would wait for ever
  try {
    const asked = terminal.question(`${question} [y/N] `).catch(() => ""); // Ctrl+C or Ctrl+D
    const answer = await Promise.race([asked, left]);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure("Stopped: nothing was done.");
  } finally {
    terminal.close();
  }
}
