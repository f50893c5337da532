import { orAbort } from "../http/pause.ts";

/** Work shared by any number of callers. Each can stop waiting; the work is aborted when the last one does. */
export interface Flight<T> {
  /** Whether the work was aborted because no caller was left. */
  ended(): boolean;
  /** Waits for the outcome. Throws as soon as `signal` is aborted. */
  join(signal: AbortSignal | null | undefined): Promise<T>;
  /** Aborts the work unless a caller is waiting. */
  abandon(): void;
}

/** Starts the work. With `inBackground` it continues even without a waiting caller. */
export function startFlight<T>(work: (signal: AbortSignal) => Promise<T>, inBackground: boolean): Flight<T> {
  const controller = new AbortController();
  const { signal: end } = controller;
  const outcome = work(end);
  outcome.catch(() => {}); // Waiting callers see the failure. Without any, it must not become an unhandled rejection.
  let isDetached = inBackground;
  let waiting = 0;
  const abortIfUnused = (): void => {
    if (!isDetached && waiting === 0) controller.abort();
  };
  return {
    ended: () => end.aborted,
    async join(signal) {
      waiting++;
      try {
        return await orAbort(outcome, signal);
      } finally {
        waiting--;
        abortIfUnused();
      }
    },
    abandon() {
      isDetached = false;
      abortIfUnused();
    },
  };
}
