import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { CarnetError } from "../errors/carnet-error.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import { summarise } from "../redaction/summarise.ts";
import type { Settings } from "../settings/settings.ts";
import { log } from "./log.ts";
import { type FailedRequest, noAnswer } from "./no-answer.ts";
import { abortError, orAbort } from "./pause.ts";
import { withoutQuery } from "./without-query.ts";

/** One request and how to read its response. */
export interface Exchange<T> extends FailedRequest {
  readonly input: string | Request;
  readonly init: RequestInit & { readonly method: string; readonly headers: Headers; readonly duplex?: "half" };
  /** The names of the form fields, for the debug log. */
  readonly fields?: readonly string[] | undefined;
  /** The time limit in milliseconds, reading the body included. */
  readonly timeoutMs: number | undefined;
  /** Reads the response, within the same time limit and signal. */
  read(response: Response, signal: AbortSignal | null | undefined): T | Promise<T>;
}

/**
 * Sends one request, writes the debug log and checks for deprecation. It does not wait for a transport that ignores the
 * abort signal. It is one function because every extra async layer slows down every call.
 * @throws {RequestAbortedError} {@link RequestTimeoutError} {@link ConnectionError}
 */
export async function exchange<T>(settings: Settings, call: Exchange<T>): Promise<T> {
  const { clock, client, closing, debugLogger, deprecation } = settings;
  const { url, init, timeoutMs } = call;
  const { signal } = init;
  const start = debugLogger && clock.monotonic();
  let isLate = false;
  const own = new AbortController();
  const stop = (): void => own.abort();
  const expire = (): void => {
    isLate = true;
    stop();
  };
  const cancel = timeoutMs && clock.after(timeoutMs, expire);
  closing.addEventListener("abort", stop);
  const combined = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
  try {
    for (const end of [signal, closing]) if (end?.aborted) throw abortError(end);
    const response = await orAbort(client.request(call.input, { ...init, signal: combined }), combined);
    deprecation(url, response.headers);
    log(settings, call, { start, response });
    const read = orAbort(call.read(response, combined), combined);
    return read instanceof Promise ? await read : read; // Skip a microtask when there is nothing to wait for.
  } catch (thrown) {
    const end = [signal, closing].find((each) => each?.aborted);
    const error = end ? abortError(end) : isLate ? timeoutError(call) : toCarnetError(call, thrown);
    log(settings, call, { start, error });
    throw error;
  } finally {
    closing.removeEventListener("abort", stop);
    if (cancel) cancel();
  }
}

function timeoutError({ url: address, timeoutMs }: Exchange<unknown>): AnyCarnetError {
  const url = withoutQuery(address);
  return new RequestTimeoutError(`${url} took more than ${timeoutMs} ms.`, { url, mayHaveArrived: true, timeoutMs });
}

function toCarnetError(call: Exchange<unknown>, error: unknown): CarnetError {
  return error instanceof CarnetError ? error : (invalidRequest(call) ?? noAnswer(call, error));
}

/** `fetch` throws the same TypeError for an invalid request and for a network failure. This tells them apart. */
function invalidRequest({ url, init }: Exchange<unknown>): CarnetError | undefined {
  try {
    new Request(url, { ...init, ...(init.duplex && { body: null }), signal: null });
    return undefined;
  } catch (error) {
    return invalid("init", "failed: see the cause", summarise(error));
  }
}
