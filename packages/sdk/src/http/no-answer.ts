import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { ConnectionError } from "../errors/connection-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import { type ForeignError, summarise } from "../redaction/summarise.ts";
import { withoutQuery } from "./without-query.ts";

/** The parts of a request that its error needs. */
export interface FailedRequest {
  /** The URL. Errors show it without its query. */
  readonly url: string;
  /** The secret that is sent, if any, to be removed from messages. */
  readonly secret?: string | undefined;
}

// Node has the system call or undici's timeout code, Bun has its own codes, and Deno has only a message.
const NEVER_CONNECTED = /ECONNREFUSED|ENOTFOUND|EAI_|connect E|CONNECT_TIMEOUT|\(Connect\)/;

// OpenSSL's codes, as Node and Bun report them, or their messages, which all three runtimes have.
const UNTRUSTED = /CERT|LEAF_SIGNATURE|certificate/i;
const ADVICE = "For a private CA, set NODE_EXTRA_CA_CERTS (Deno: DENO_CERT) to the file of its certificate";

/** Converts a transport failure to an error of this package. */
export function noAnswer(call: FailedRequest, error: unknown): AnyCarnetError {
  const url = withoutQuery(call.url);
  const cause = summarise(error, call.secret);
  let code = cause.name;
  let trace = "";
  for (let each: ForeignError | undefined = cause; each; each = each.cause) {
    code = each.code ?? code;
    trace += code + each.message;
  }
  const untrusted = UNTRUSTED.test(trace);
  const mayHaveArrived = !untrusted && !NEVER_CONNECTED.test(trace);
  const facts = { url, mayHaveArrived, cause };
  const message = untrusted
    ? `The certificate of ${url} was not accepted (${code}). ${ADVICE}.`
    : mayHaveArrived
      ? `No complete response from ${url} (${code}).`
      : `Cannot connect to ${url} (${code}).`;
  return /TIMED?OUT/.test(code)
    ? new RequestTimeoutError(message, { ...facts, timeoutMs: undefined })
    : new ConnectionError(message, { ...facts, untrusted });
}
