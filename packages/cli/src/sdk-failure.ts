import { CarnetError } from "@carnet/sdk";
import { Failure } from "./failure.ts";
import { printable } from "./table.ts";

/**
 * Turns an SDK error, whose message holds no secret, into a Failure with the request id for the operator and with advice.
 * Any other error is returned unchanged.
 */
export function failureOf(error: unknown, advice: string | undefined): unknown {
  if (!(error instanceof CarnetError)) return error;
  const requestId: unknown = "requestId" in error ? error.requestId : undefined;
  const request = typeof requestId === "string" ? ` (request ${printable(requestId)})` : "";
  return new Failure(`${error.message}${request}${advice === undefined ? "" : `\n${advice}`}`);
}
