import type { Clock } from "../clock.ts";
import { RequestAbortedError } from "../errors/request-aborted-error.ts";
import { summarise } from "../redaction/summarise.ts";
import { onAbort, type Source } from "./on-abort.ts";

/** The error for an aborted signal. */
export function abortError(signal: AbortSignal): RequestAbortedError {
  return new RequestAbortedError("Aborted.", { cause: summarise(signal.reason) });
}

/** Waits for `work` or the abort of a signal, whichever comes first. The work itself continues. */
export function orAbort<T>(work: T | Promise<T>, ...signals: readonly Source[]): T | Promise<T> {
  if (!(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    const forget = onAbort(signals, (signal) => reject(abortError(signal)));
    work.then(resolve, reject).then(forget);
  });
}

/** Waits `ms`. Throws if the signal is aborted or the SDK is closed meanwhile. */
export async function pause(
  { clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
  ms: number,
  signal: Source,
): Promise<void> {
  let cancel: (() => void) | undefined;
  const wait = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  try {
    await orAbort(wait, signal, closing);
  } finally {
    cancel?.();
  }
}
