import { describeFault, framesOf, OperatorFault } from "@carnet/server/fault";
import { wrapped } from "./wrap.ts";

/** What a program learns about a failure from `--json`, besides the message. */
export interface FailureFacts {
  /** A stable name for the kind of failure. Default: `failed`. */
  readonly code?: string;
  /** The next step. */
  readonly hint?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Why a command failed, in words for its user and with the next step. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly facts: FailureFacts;

  constructor(message: string, facts: FailureFacts = {}) {
    super(message);
    this.facts = facts;
  }
}

/** Prints the error on standard error and returns the exit code. */
export function fail(error: unknown): number {
  report("error", describe(error));
  return 1;
}

/** Prints a usage error as JSON. As text, commander has printed it. */
export function failUsage(text: string): number {
  const [message = "", ...more] = text.replace(/^error: /, "").split("\n");
  const hint = [...more.map((line) => line.replace(/^\((.*)\)$/, "$1")), usageHint].join(" ");
  if (wantsJson()) report("error", { code: "usage", message, hint });
  return 2;
}

export const usageHint = "Run the command with --help to see its options.";

/** Tells the user something while the command goes on. */
export const notice = (message: string): void => report("notice", { message });

/** Whether standard error is for a program too. Read from the words, because a usage error has no parsed options. */
export function wantsJson(words: readonly string[] = process.argv.slice(2)): boolean {
  const end = words.indexOf("--");
  return (end === -1 ? words : words.slice(0, end)).includes("--json");
}

interface Report extends FailureFacts {
  readonly message: string;
}

/** With `--json`, one line for each error and notice, so that programs can read standard error line by line. */
function report(kind: "error" | "notice", { code, message, hint, requestId }: Report): void {
  if (wantsJson()) {
    const json = JSON.stringify({ [kind]: { code, message, hint, request_id: requestId } });
    process.stderr.write(`${withoutSecrets(json)}\n`);
  } else {
    const text = withoutSecrets(`carnet: ${message}${hint === undefined ? "" : `\n${hint}`}`);
    process.stderr.write(`${wrapped(text, process.stderr)}\n`);
  }
}

/** Cuts generated secrets that a user gave in the wrong place: standard error often ends in a build log. */
export const withoutSecrets = (text: string): string => text.replace(/carnet_[0-9a-z]{16}_\w+/g, "carnet_...");

function describe(error: unknown): Report {
  // The messages of these two hold no secret. Those of other errors might, so only parts without data are printed.
  if (error instanceof Failure) return { code: "failed", message: error.message, ...error.facts };
  if (error instanceof OperatorFault) return { code: "failed", message: error.message };
  const lines = [
    `This is a bug in carnet: ${describeFault(error)}. Please report it with these lines:`,
    ...framesOf(error),
  ];
  return { code: "bug", message: lines.join("\n    ") };
}
