import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Failure } from "./failure.ts";
import { columnsOf, wrapLines } from "./wrap.ts";

/** Where to ask: by default on standard input and standard error, because standard output may go to a program. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
}

/** How to ask. */
export interface Confirmation {
  readonly yes?: boolean | undefined;
  /** Runs before the question, and throws if there is nothing to confirm, because the target does not exist. */
  readonly check?: () => Promise<unknown>;
}

/** Asks for confirmation before something irreversible. Without a terminal, `--yes` is required. */
export async function confirm(
  question: string,
  { yes, check }: Confirmation,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes === true) return;
  if (input.isTTY !== true)
    throw new Failure(`${question} Nothing was changed, because there is no terminal to ask on. Add --yes to confirm.`);
  await check?.();
  const terminal = createInterface({ input, output });
  const closed = once(terminal, "close").then(() => undefined); // question() alone would never settle.
  try {
    const asked = terminal.question(`${wrapLines(`${question} [y/N]`, columnsOf(output))} `).catch(() => undefined); // Ctrl+C or Ctrl+D.
    const answer = await Promise.race([asked, closed]);
    if (answer === undefined) output.write("\n"); // Enter would have ended the line.
    if (!/^y(es)?$/i.test(answer?.trim() ?? "")) throw new Failure("Cancelled. Nothing was changed.");
  } finally {
    terminal.close();
  }
}
