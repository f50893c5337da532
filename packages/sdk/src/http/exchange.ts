import { CarnetError } from "../errors/carnet-error.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { summarise } from "../redaction/summarise.ts";
import type { Settings } from "../settings/settings.ts";
import { discard } from "./bounded-body.ts";
import { startLimit } from "./limit.ts";
import { log } from "./log.ts";
import { type FailedRequest, noAnswer } from "./no-answer.ts";
import { orAbort } from "./pause.ts";

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
  const { client, closing, deprecation } = settings;
  const { url, init } = call;
  const start = settings.debugLogger && settings.clock.monotonic();
  const limit = startLimit(settings, init.signal, call.timeoutMs);
  const { signal } = limit;
  let sent: Promise<Response> | undefined;
  let unread: Response["body"] = null;
  try {
    signal.throwIfAborted();
    sent = client.request(call.input, signal === closing ? init : { ...init, signal }); // A signal costs `fetch` 4 %.
    const response = await orAbort(sent, signal);
    deprecation(call, response.headers);
    log(settings, call, { start, response });
    const read = orAbort(call.read(response, signal), signal);
    const result = read instanceof Promise ? await read : read; // Skip a microtask when there is nothing to wait for.
    if (init.signal && Object.is(result, response)) unread = response.body;
    return result;
  } catch (thrown) {
    const error = limit.error(url) ?? toCarnetError(call, thrown);
    log(settings, call, { start, error });
    discard(sent); // A transport that ignores the signal may still answer.
    throw error;
  } finally {
    limit.end(unread);
  }
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
