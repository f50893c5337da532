import type { Clock } from "../clock.ts";
import { RequestAbortedError } from "../errors/request-aborted-error.ts";
import { summarise } from "../redaction/summarise.ts";

/** The error for a signal that is aborted. */
export function aborted(signal: AbortSignal): RequestAbortedError {
  return new RequestAbortedError("Aborted.", { cause: summarise(signal.reason) });
}

/** Waits for `work`, but no longer than until the abort; the work itself goes on. */
export function orAbort<T>(work: T | Promise<T>, signal: AbortSignal | null | undefined): T | Promise<T> {
  if (!signal || !(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(aborted(signal));
    const settled = (): void => signal.removeEventListener("abort", stop);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
    work.then(resolve, reject).then(settled);
  });
}

/** Waits `ms`, or until the abort. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal | null | undefined): Promise<void> {
  let cancel: (() => void) | undefined;
  const wait = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.resolve(orAbort(wait, signal)).finally(cancel);
}
