import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { ConnectionError } from "../errors/connection-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import { type ForeignError, summarise } from "../redaction/summarise.ts";
import { withoutQuery } from "./without-query.ts";

/** What is said of a request that got no answer. */
export interface Failing {
  /** The address, which is shown without its query. */
  readonly url: string;
  /** What is sent and must not be shown. */
  readonly secret: string;
}

// Node names the system call, or undici's own limit; Bun has codes of its own; Deno has only words.
const NEVER_STOOD = /ECONNREFUSED|ENOTFOUND|EAI_|connect E|CONNECT_TIMEOUT|\(Connect\)/;

/** The error for what a transport failed with. */
export function noAnswer(call: Failing, error: unknown): AnyCarnetError {
  const url = withoutQuery(call.url);
  const cause = summarise(error, call.secret);
  let code = cause.name;
  let trace = "";
  for (let each: ForeignError | undefined = cause; each; each = each.cause) {
    code = each.code ?? code;
    trace += code + each.message;
  }
  const facts = { url, mayHaveArrived: !NEVER_STOOD.test(trace), cause, timeoutMs: undefined };
  const message = `${url} gave no whole answer (${code}).`;
  return /TIMED?OUT/.test(code) ? new RequestTimeoutError(message, facts) : new ConnectionError(message, facts);
}
