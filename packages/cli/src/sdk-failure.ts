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
  const request = requestId === undefined || advice?.includes(requestId) ? "" : ` (request ${requestId})`;
  return new Failure(`${describeSdkError(error)}${request}`, { code: codeOf(error), hint: advice, requestId });
}

/** The error's message. If no connection was made, it names only the service, because no path of it is at fault. */
export function describeSdkError(error: CarnetError): string {
  const code = connectFault(error);
  if (code === undefined || !(error instanceof ConnectionError)) return error.message;
  return `Cannot connect to ${URL.parse(error.url)?.origin} (${code}).`;
}

/** What to do if no connection was made, or it broke before the answer. Undefined for any other error. */
export function connectAdvice(error: unknown, urlSource: string): string | undefined {
  const code = connectFault(error);
  if (code === undefined)
    return error instanceof ConnectionError && error.mayHaveArrived && error.url.startsWith("http:")
      ? `If the service has a TLS certificate, its address must start with https:// (this one comes from ${urlSource}).`
      : undefined;
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER")
    return `What answers there does not speak TLS. Check the port, or give the address with http:// if the service has no certificate (this one comes from ${urlSource}).`;
  return code === "ECONNREFUSED"
    ? `Is the service running? Start it with \`carnet dev\` or \`carnet serve\`, or give another address with --server-url (this one comes from ${urlSource}).`
    : `Check the address, which comes from ${urlSource}, and the network.`;
}

/** What to do after a 503. */
export const unavailableAdvice =
  "`GET /health/ready` of the service says what does not work, and its log says why. Then run the command again.";

const connectFaults = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_SSL_WRONG_VERSION_NUMBER",
];

/** The system's code for a connection that was not made. */
function connectFault(error: unknown): string | undefined {
  let code: string | undefined;
  for (let at = error instanceof ConnectionError ? error.cause : undefined; at instanceof Error; at = at.cause)
    if ("code" in at) code = connectFaults.find((known) => known === at.code) ?? code;
  return code;
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
