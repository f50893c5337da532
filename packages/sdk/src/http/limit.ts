import type { Clock } from "../clock.ts";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import { onAbort, type Source } from "./on-abort.ts";
import { abortError } from "./pause.ts";
import { withoutQuery } from "./without-query.ts";

interface Kept {
  readonly controller: AbortController;
  readonly unlink: () => void;
}

/** Keeps the controller alive as long as the body, so that the caller's signal can still end the reading. */
const keptFor = new WeakMap<object, Kept>();
const collected = new FinalizationRegistry<() => void>((unlink) => unlink());

/** Apart from `startLimit`, because a closure in there would hold the controller, and with it a body that nobody reads. */
const abortBy =
  (controller: WeakRef<AbortController>) =>
  (source: AbortSignal): void =>
    controller.deref()?.abort(source.reason);

/** Removes the listeners kept for a body that nobody will read. */
export function releaseBody(body: object): void {
  keptFor.get(body)?.unlink();
}

/** The signal and the time limit of one attempt. */
export interface Limit {
  /** Aborted by the caller, by closing the SDK, or by time. It is `closing` itself without a source and a time limit. */
  readonly signal: AbortSignal;
  /** The error if the signal was aborted. */
  error(url: string, mayHaveArrived?: boolean): AnyCarnetError | undefined;
  /** Ends the time limit. The caller's signal stays in force until `unread` was read. */
  end(unread?: object | null): void;
}

/**
 * Links a request to the caller's signal and the closing of the SDK, and starts its time limit, if there is one. Giving a
 * long-lived signal to `AbortSignal.any` or `fetch` leaks memory on Node 20 and 22.
 */
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
  if (!source && !timeoutMs) return { signal: closing, error, end() {} };
  const controller = new AbortController();
  const { signal } = controller;
  const abort = (): void => controller.abort();
  const unlink = onAbort([source], abortBy(new WeakRef(controller)));
  const unfollow = onAbort([closing], abort);
  const cancel =
    timeoutMs &&
    clock.after(timeoutMs, () => {
      isLate = true;
      abort();
    });
  return {
    signal,
    error,
    end(unread) {
      if (cancel) cancel();
      unfollow(); // The body of a returned response can still be read.
      if (!unread) return unlink();
      keptFor.set(unread, { controller, unlink });
      collected.register(unread, unlink);
    },
  };
}
