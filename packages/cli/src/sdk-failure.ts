import { CarnetError, ConnectionError, IamError, RequestTimeoutError } from "@carnet/sdk";
import { Failure } from "./failure.ts";
import { printable } from "./table.ts";

/**
 * Turns an SDK error, whose message holds no secret, into a Failure with the request id for the operator and with advice.
 * Any other error is returned unchanged.
 */
export function failureOf(error: unknown, advice: string | undefined): unknown {
  if (!(error instanceof CarnetError)) return error;
  const given: unknown = "requestId" in error ? error.requestId : undefined;
  const requestId = typeof given === "string" ? printable(given) : undefined;
  const request = requestId === undefined ? "" : ` (request ${requestId})`;
  return new Failure(`${error.message}${request}`, { code: codeOf(error), hint: advice, requestId });
}

function codeOf(error: CarnetError): string {
  if (error instanceof IamError) return error.error;
  return error instanceof ConnectionError || error instanceof RequestTimeoutError ? "no_answer" : "failed";
}

/** Adds a line about the work that was done before the error. */
export function withNote(error: unknown, note: string): unknown {
  const failure = failureOf(error, undefined);
  if (!(failure instanceof Failure)) return error;
  const { hint, ...facts } = failure.facts;
  return new Failure(failure.message, { ...facts, hint: hint === undefined ? note : `${hint}\n${note}` });
}
