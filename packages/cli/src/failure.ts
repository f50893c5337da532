import { describeFault, framesOf, OperatorFault } from "@carnet/server/fault";

/** Why a command failed, in words for its user and with the next step. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** Prints the error on standard error and returns the exit code. */
export function fail(error: unknown): number {
  process.stderr.write(`carnet: ${explain(error)}\n`);
  return 1;
}

function explain(error: unknown): string {
  // The messages of these two hold no secret. Those of other errors might, so only parts without data are printed.
  if (error instanceof Failure || error instanceof OperatorFault) return error.message;
  return [
    `This is a bug in carnet: ${describeFault(error)}. Please report it with these lines:`,
    ...framesOf(error),
  ].join("\n    ");
}
