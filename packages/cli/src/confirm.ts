import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Failure } from "./failure.ts";

/** Where to ask: by default on standard input and standard error, because standard output may go to a program. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/** Asks for confirmation before something irreversible. Without a terminal, `--yes` is required. */
export async function confirm(
  question: string,
  { yes }: { readonly yes?: boolean | undefined },
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes === true) return;
  if (input.isTTY !== true)
    throw new Failure(`${question} Nothing was changed, because there is no terminal to ask on. Add --yes to confirm.`);
  const terminal = createInterface({ input, output });
  const closed = once(terminal, "close").then(() => ""); // question() alone would never settle.
  try {
    const asked = terminal.question(`${question} [y/N] `).catch(() => ""); // Ctrl+C or Ctrl+D.
    const answer = await Promise.race([asked, closed]);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure("Cancelled. Nothing was changed.");
  } finally {
    terminal.close();
  }
}
