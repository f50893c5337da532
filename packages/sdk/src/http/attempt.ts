import type { Clock } from "../clock.ts";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { CarnetError } from "../errors/carnet-error.ts";
import { ConnectionError } from "../errors/connection-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import type { Scrub } from "../redaction/scrub.ts";
import { type ForeignError, summarise } from "../redaction/summarise.ts";
import { aborted, orAbort } from "./pause.ts";

/** One attempt at a request and what bounds it. */
export interface Attempt<T> {
  /** The address without its query, for errors. */
  readonly url: string;
  readonly scrub: Scrub;
  readonly signal: AbortSignal | null | undefined;
  /** How long the attempt may take, in milliseconds. */
  readonly timeoutMs: number | undefined;
  run(signal: AbortSignal | undefined): Promise<T>;
}

/**
 * Runs one attempt within its limits. A transport that ignores the abort signal is not waited for either.
 * @throws {RequestAbortedError} {@link RequestTimeoutError} {@link ConnectionError}
 */
export async function attempt<T>(clock: Clock, call: Attempt<T>): Promise<T> {
  const { signal, timeoutMs } = call;
  const timer = timeoutMs === undefined ? undefined : new AbortController();
  const cancel = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => timer?.abort());
  const either = signal && timer ? AbortSignal.any([signal, timer.signal]) : (timer?.signal ?? signal ?? undefined);
  try {
    if (signal?.aborted) throw aborted(signal);
    return await orAbort(call.run(either), either);
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    if (timer?.signal.aborted) throw tooLong(call);
    throw error instanceof CarnetError ? error : noAnswer(call, error);
  } finally {
    cancel?.();
  }
}

function tooLong({ url, timeoutMs }: Attempt<unknown>): AnyCarnetError {
  const message = `No whole answer came from ${url} within ${timeoutMs} ms.`;
  return new RequestTimeoutError(message, { url, mayHaveArrived: true, timeoutMs });
}

function noAnswer({ url, scrub }: Attempt<unknown>, error: unknown): AnyCarnetError {
  const cause = summarise(error, scrub);
  const chain = causes(cause);
  const code = chain.find((each) => each.code !== undefined)?.code;
  const mayHaveArrived = !chain.some(neverStood);
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT") {
    const message = `The connection to ${url} took too long (${code}).`;
    return new RequestTimeoutError(message, { url, mayHaveArrived, cause, timeoutMs: undefined });
  }
  const what = mayHaveArrived ? "The connection broke on a request to" : "No connection could be made to";
  return new ConnectionError(`${what} ${url}${code === undefined ? "" : ` (${code})`}.`, {
    url,
    mayHaveArrived,
    cause,
  });
}

function causes(error: ForeignError): ForeignError[] {
  return error.cause === undefined ? [error] : [error, ...causes(error.cause as ForeignError)];
}

// Node names the system call, or undici's own limit; Bun has codes of its own; Deno has only words.
const NEVER_STOOD_CODE =
  /^(UND_ERR_CONNECT_TIMEOUT|ECONNREFUSED|ENOTFOUND|EAI_\w+|ConnectionRefused|FailedToOpenSocket)$/;
const NEVER_STOOD_WORDS = /client error \(Connect\)|dns error/;

function neverStood({ code = "", syscall = "", message }: ForeignError): boolean {
  return /^(connect|getaddrinfo)$/.test(syscall) || NEVER_STOOD_CODE.test(code) || NEVER_STOOD_WORDS.test(message);
}
