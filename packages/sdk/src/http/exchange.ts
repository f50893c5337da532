import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { CarnetError } from "../errors/carnet-error.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import { summarise } from "../redaction/summarise.ts";
import type { Settings } from "../settings/settings.ts";
import { log } from "./log.ts";
import { type Failing, noAnswer } from "./no-answer.ts";
import { aborted, orAbort } from "./pause.ts";
import { withoutQuery } from "./without-query.ts";

/** One request on its way and back. */
export interface Exchange<T> extends Failing {
  readonly input: string | Request;
  readonly init: RequestInit & { readonly method: string; readonly headers: Headers; readonly duplex?: "half" };
  /** The names of the form's fields. */
  readonly fields?: readonly string[] | undefined;
  /** How long all of it may take, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** Turns the answer into what is wanted, within the same limits. */
  read(response: Response, signal: AbortSignal | null | undefined): T | Promise<T>;
}

/**
 * Sends one request, tells the debug log, and looks for deprecation. A transport that ignores the abort signal is not
 * waited for either. It is one function, as each layer would be felt in every call.
 * @throws {RequestAbortedError} {@link RequestTimeoutError} {@link ConnectionError}
 */
export async function exchange<T>(settings: Settings, call: Exchange<T>): Promise<T> {
  const { clock, client, debugLogger, deprecation } = settings;
  const { url, init, timeoutMs } = call;
  const { signal } = init;
  const start = debugLogger && clock.monotonic();
  const timer = timeoutMs ? new AbortController() : undefined;
  const cancel = timer && clock.after(timeoutMs ?? 0, () => timer.abort());
  const either = signal && timer ? AbortSignal.any([signal, timer.signal]) : (timer?.signal ?? signal);
  try {
    if (signal?.aborted) throw aborted(signal);
    const response = await orAbort(client.request(call.input, either ? { ...init, signal: either } : init), either);
    deprecation(url, response.headers);
    log(settings, call, { start, response });
    const read = orAbort(call.read(response, either), either);
    return read instanceof Promise ? await read : read; // what is read already need not wait for a turn
  } catch (thrown) {
    const error = signal?.aborted ? aborted(signal) : timer?.signal.aborted ? tooLong(call) : typed(call, thrown);
    log(settings, call, { start, error });
    throw error;
  } finally {
    cancel?.();
  }
}

function tooLong({ url: address, timeoutMs }: Exchange<unknown>): AnyCarnetError {
  const url = withoutQuery(address);
  return new RequestTimeoutError(`${url} took more than ${timeoutMs} ms.`, { url, mayHaveArrived: true, timeoutMs });
}

function typed(call: Exchange<unknown>, error: unknown): CarnetError {
  return error instanceof CarnetError ? error : (unsendable(call) ?? noAnswer(call, error));
}

/** `fetch` fails with the same TypeError for what it cannot send and for what got no answer; this tells them apart. */
function unsendable({ url, init }: Exchange<unknown>): CarnetError | undefined {
  try {
    new Request(url, { ...init, ...(init.duplex && { body: null }), signal: null });
    return undefined;
  } catch (error) {
    return invalid("init", "failed: see the cause", summarise(error));
  }
}
