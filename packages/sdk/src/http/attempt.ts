import type { Clock } from "../clock.ts";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { CarnetError } from "../errors/carnet-error.ts";
import { ConnectionError } from "../errors/connection-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import type { Scrub } from "../redaction/scrub.ts";
import { type ForeignError, summarise } from "../redaction/summarise.ts";
import { aborted, orAbort } from "./pause.ts";

/** One attempt at a request and what bounds it. */
export interface Attempt {
  /** The address without its query, for errors. */
  readonly url: string;
  readonly scrub: Scrub;
  readonly init: Pick<RequestInit, "signal">;
  /** How long the attempt may take, in milliseconds. */
  readonly timeoutMs: number | undefined;
}

/**
 * Runs one attempt within its limits. A transport that ignores the abort signal is not waited for either.
 * @throws {RequestAbortedError} {@link RequestTimeoutError} {@link ConnectionError}
 */
export async function attempt<T>(
  clock: Clock,
  call: Attempt,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const { timeoutMs } = call;
  const { signal } = call.init;
  const timer = timeoutMs ? new AbortController() : undefined;
  const cancel = timer && clock.after(timeoutMs ?? 0, () => timer.abort());
  const either = signal && timer ? AbortSignal.any([signal, timer.signal]) : (timer?.signal ?? signal ?? undefined);
  try {
    if (signal?.aborted) throw aborted(signal);
    return await orAbort(run(either), either);
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    if (timer?.signal.aborted) throw tooLong(call);
    throw error instanceof CarnetError ? error : noAnswer(call, error);
  } finally {
    cancel?.();
  }
}

function tooLong({ url, timeoutMs }: Attempt): AnyCarnetError {
  return new RequestTimeoutError(`${url} took more than ${timeoutMs} ms.`, { url, mayHaveArrived: true, timeoutMs });
}

// Node names the system call, or undici's own limit; Bun has codes of its own; Deno has only words.
const NEVER_STOOD = /ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_AGAIN|connect E|CONNECT_TIMEOUT|\(Connect\)/;

function noAnswer({ url, scrub }: Attempt, error: unknown): AnyCarnetError {
  const cause = summarise(error, scrub);
  let code = cause.name;
  let trace = "";
  for (let each: ForeignError | undefined = cause; each; each = each.cause) {
    code = each.code ?? code;
    trace += `${code} ${each.message} `;
  }
  const facts = { url, mayHaveArrived: !NEVER_STOOD.test(trace), cause, timeoutMs: undefined };
  const message = `${url} gave no whole answer (${code}).`;
  return /TIMED?OUT/.test(code) ? new RequestTimeoutError(message, facts) : new ConnectionError(message, facts);
}
