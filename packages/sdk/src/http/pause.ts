import type { Clock } from "../clock.ts";
import { RequestAbortedError } from "../errors/request-aborted-error.ts";
import { summarise } from "../redaction/summarise.ts";
import { onAbort } from "./on-abort.ts";

/** The error for an aborted signal. */
export function abortError(signal: AbortSignal): RequestAbortedError {
  return new RequestAbortedError("Aborted.", { cause: summarise(signal.reason) });
}

/** Waits for `work` or the abort, whichever comes first. The work itself continues. */
export function orAbort<T>(work: T | Promise<T>, signal: AbortSignal | null | undefined): T | Promise<T> {
  if (!signal || !(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortError(signal));
    if (signal.aborted) stop();
    const forget = signal.aborted ? undefined : onAbort(signal, stop);
    work.then(resolve, reject).then(forget);
  });
}

/** Waits `ms`. Throws if the signal is aborted or the SDK is closed meanwhile. */
export async function pause(
  { clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
  ms: number,
  signal: AbortSignal | null | undefined,
): Promise<void> {
  let cancel: (() => void) | undefined;
  const wait = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.resolve(orAbort(orAbort(wait, signal), closing)).finally(cancel);
}
