import { CarnetError } from "@carnet/sdk";
import { Failure } from "./failure.ts";
import { harmless } from "./table.ts";

/**
 * An error of the SDK, which is written to be shown as well, as a failure of the command: with the request that the
 * service's operator finds in the log, where an answer names it, and with advice, where there is some.
 */
export function failureOf(error: unknown, advice: string | undefined): unknown {
  if (!(error instanceof CarnetError)) return error;
  const requestId: unknown = "requestId" in error ? error.requestId : undefined;
  const request = typeof requestId === "string" ? ` (request ${harmless(requestId)})` : "";
  return new Failure(`${error.message}${request}${advice === undefined ? "" : `\n${advice}`}`);
}
