import { setTimeout as sleep } from "node:timers/promises";
import { OperatorFault } from "../fault.ts";

/** Another process holds the store's write lock. The same write succeeds once it is released. */
export class StoreBusy extends OperatorFault {}

/** Milliseconds between two attempts. One attempt takes some 10 microseconds. */
const pause = 10;

/**
 * Repeats a write until the store is free, without blocking the event loop. Throws the last StoreBusy after `timeout`
 * milliseconds. `between` wraps each wait.
 */
export async function retryWhileBusy<Value>(
  write: () => Promise<Value>,
  timeout: number,
  between = (wait: () => Promise<void>) => wait(),
): Promise<Value> {
  const deadline = AbortSignal.timeout(timeout);
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreBusy)) throw error;
      await between(() => sleep(pause));
      if (deadline.aborted) throw error;
    }
  }
}
