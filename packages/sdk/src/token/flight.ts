import { orAbort } from "../http/pause.ts";

/** One piece of work that any number of callers wait for; each may leave alone, and the last to leave ends it. */
export interface Flight<T> {
  /** Whether the last one who waited has left, so that there will be no outcome. */
  ended(): boolean;
  /** The outcome, or an error as soon as `signal` is aborted. */
  join(signal: AbortSignal | null | undefined): Promise<T>;
  /** Ends the work unless someone waits for it. */
  castOff(): void;
}

/** Starts work; `unattended` says whether it goes on with nobody waiting. */
export function takeOff<T>(work: (signal: AbortSignal) => Promise<T>, unattended: boolean): Flight<T> {
  const controller = new AbortController();
  const { signal: end } = controller;
  const outcome = work(end);
  outcome.catch(() => {}); // Those who wait see the failure; where nobody waits, nobody need see it.
  let isFree = unattended;
  let waiting = 0;
  const endIfUnwanted = (): void => {
    if (!isFree && waiting === 0) controller.abort();
  };
  return {
    ended: () => end.aborted,
    async join(signal) {
      waiting++;
      try {
        return await orAbort(outcome, signal);
      } finally {
        waiting--;
        endIfUnwanted();
      }
    },
    castOff() {
      isFree = false;
      endIfUnwanted();
    },
  };
}
