import { CarnetError } from "@carnet/sdk";
import { describeFault, framesOf, OperatorFault } from "@carnet/server/fault";
import { harmless } from "./table.ts";

/** A reason why a command did not do what was asked, in words for whoever typed it, with the next step. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** Says on standard error what went wrong, and gives the exit code. */
export function fail(error: unknown): number {
  process.stderr.write(`carnet: ${explain(error)}\n`);
  return 1;
}

/** What an error says, and the request that the service's operator finds in the log where an answer names it. */
export function describeRefusal(error: Error): string {
  const requestId: unknown = error instanceof CarnetError && "requestId" in error ? error.requestId : undefined;
  return typeof requestId === "string" ? `${error.message} (request ${harmless(requestId)})` : error.message;
}

function explain(error: unknown): string {
  // These three are written to be shown and hold no secret; of any other error only what carries no data is shown
  if (error instanceof Failure || error instanceof OperatorFault) return error.message;
  if (error instanceof CarnetError) return describeRefusal(error);
  return [
    `This is a fault of carnet: ${describeFault(error)}. Please report it with these lines:`,
    ...framesOf(error),
  ].join("\n    ");
}
