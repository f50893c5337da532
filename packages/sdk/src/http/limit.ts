import type { Clock } from "../clock.ts";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import { onAbort } from "./on-abort.ts";
import { abortError } from "./pause.ts";
import { withoutQuery } from "./without-query.ts";

type Source = AbortSignal | null | undefined;

/** A signal of one request that follows other signals. */
export interface Link {
  readonly signal: AbortSignal;
  abort(): void;
  /** Removes the listeners: now, or once `unread` is discarded or garbage. */
  release(unread?: object | null): void;
}

interface Kept {
  readonly controller: AbortController | undefined;
  readonly remove: () => void;
}

const keptFor = new WeakMap<object, Kept>();
const collected = new FinalizationRegistry<() => void>((remove) => remove());

/** Follows `sources`. Giving a long-lived signal to `AbortSignal.any` or `fetch` leaks memory on Node 20 and 22. */
export function link(...sources: readonly Source[]): Link {
  let controller: AbortController | undefined = new AbortController();
  const { signal } = controller;
  // No closure below refers to `signal`: a body that nobody reads could not be collected, because the listeners hold it.
  const weak = new WeakRef(controller);
  const follow = (): void => {
    const source = sources.find((each) => each?.aborted);
    if (source) weak.deref()?.abort(source.reason);
  };
  const undo = sources.map((source) => source && onAbort(source, follow));
  const remove = (): void => {
    for (const each of undo) each?.();
  };
  follow();
  return {
    signal,
    abort: () => weak.deref()?.abort(),
    release(unread) {
      if (unread) {
        keptFor.set(unread, { controller, remove }); // The body keeps the controller alive.
        collected.register(unread, remove);
      } else remove();
      controller = undefined;
    },
  };
}

/** Removes the listeners kept for a body that nobody will read. */
export function releaseBody(body: object): void {
  keptFor.get(body)?.remove();
}

/** The signal and the time limit of one attempt. */
export interface Limit {
  /** Aborted by the caller, by closing the SDK, or by time. */
  readonly signal: AbortSignal;
  /** The same for the transport. Undefined without a signal and a time limit, because it would cost `fetch` 4 %. */
  readonly own: AbortSignal | undefined;
  /** The error if the signal was aborted. */
  error(url: string, mayHaveArrived?: boolean): AnyCarnetError | undefined;
  /** Ends the time limit. The caller's signal stays in force until `unread` was read. */
  end(unread?: object | null): void;
}

/** Links a request to the caller's signal and the closing of the SDK, and starts its time limit, if there is one. */
export function startLimit(
  { clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
  source: Source,
  timeoutMs: number | undefined,
): Limit {
  let isLate = false;
  const error: Limit["error"] = (address, mayHaveArrived = true) => {
    const aborted = [source, closing].find((each) => each?.aborted);
    if (aborted) return abortError(aborted);
    const url = withoutQuery(address);
    const facts = { url, mayHaveArrived, timeoutMs };
    return isLate ? new RequestTimeoutError(`${url} took more than ${timeoutMs} ms.`, facts) : undefined;
  };
  if (!source && !timeoutMs) return { signal: closing, own: undefined, error, end: () => {} };
  const linked = link(source);
  const { abort, signal } = linked;
  const unfollow = onAbort(closing, abort);
  if (closing.aborted) abort();
  const cancel =
    timeoutMs &&
    clock.after(timeoutMs, () => {
      isLate = true;
      abort();
    });
  return {
    signal,
    own: signal,
    error,
    end(unread) {
      if (cancel) cancel();
      unfollow(); // The body of a returned response can still be read.
      linked.release(unread);
    },
  };
}
