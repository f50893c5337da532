/** When to fetch something again. All in milliseconds. */
export interface RefreshTimes {
  /** From this age it is fetched again, while what is held goes on being used. */
  readonly refreshAfter: number;
  /** From this age a request waits for the fetch, because what is held may be too old. */
  readonly waitAfter: number;
  /** From this age it may not be used, however long the fetch takes. */
  readonly usableFor: number;
  /** The shortest time between a failed attempt and the next one. */
  readonly retryAfter: number;
}

/** How long a request waits at most if what is held may still be used. */
const longestWait = 1000;
/** How long an attempt takes at most. Requests end before, but a `fetch` or an `authorization` of the operator may never end. */
const longestAttempt = 20_000;
/** After a failure, how long requests do not wait. Otherwise each would be slow while the issuer is away. */
const noWaitAfterFailure = 5000;

/**
 * Decides when something is fetched and who waits for it. Runs no timer of its own: requests drive it, so an idle API sends
 * nothing. Does not hold what was fetched.
 */
export class Refresher {
  readonly #fetch: () => Promise<void>;
  readonly #clock: () => number;
  #times: RefreshTimes;
  #flight: Promise<void> | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #startedAt = Number.NEGATIVE_INFINITY;
  #isFailing = false;

  /** @param fetch gets it and keeps it; if it throws, what was held stays */
  constructor(fetch: () => Promise<void>, clock: () => number, times: RefreshTimes) {
    this.#fetch = fetch;
    this.#clock = clock;
    this.#times = times;
  }

  /** Whether the last attempt failed, or has not ended. The latter is seen only where requests do not share fetches. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** A promise that a request must await before it uses what is held; undefined if it may go on at once. */
  ready(): Promise<void> | undefined {
    const age = this.#since(this.#fetchedAt);
    if (age < this.#times.refreshAfter) return undefined;
    if (this.#flight === undefined && this.#since(this.#failedAt) < this.#times.retryAfter) return undefined;
    const isUsable = age < this.#times.usableFor;
    const mayUseHeld = age < this.#times.waitAfter || (isUsable && this.#since(this.#failedAt) < noWaitAfterFailure);
    if (mayUseHeld && !mayShare()) return undefined;
    const flight = this.refresh();
    if (mayUseHeld) return undefined;
    return isUsable ? within(longestWait, flight).catch(() => {}) : flight;
  }

  /** Fetches now, or joins the fetch that is under way. Never rejects. */
  refresh(): Promise<void> {
    if (this.#flight !== undefined && mayShare()) return this.#flight;
    const flight = this.#attempt();
    if (!mayShare()) return flight;
    this.#flight = flight.finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** The same, but does nothing if the last attempt began less than `gap` milliseconds ago and has ended. */
  async refreshUnlessWithin(gap: number): Promise<void> {
    if (this.#flight !== undefined || this.#since(this.#startedAt) >= gap) await this.refresh();
  }

  /** Changes the times, for what says itself how long it may be cached. */
  set times(times: RefreshTimes) {
    this.#times = times;
  }

  /** Makes the next request fetch and wait, because nothing usable is held any more. */
  reset(): void {
    this.#fetchedAt = Number.NEGATIVE_INFINITY;
    this.#failedAt = Number.NEGATIVE_INFINITY;
  }

  async #attempt(): Promise<void> {
    const startedAt = this.#clock();
    this.#startedAt = startedAt;
    this.#isFailing = true;
    try {
      await within(longestAttempt, this.#fetch());
      this.#isFailing = false;
      this.#fetchedAt = startedAt;
    } catch {
      this.#failedAt = this.#clock();
    }
  }

  /** Infinite after the clock was set back: an instant in the future must not stop refreshes. */
  #since(instant: number): number {
    const age = this.#clock() - instant;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }
}

/** Whether requests may await the same promise. Workers may not await a promise of another request, so there each request fetches for itself. */
export const mayShare = (): boolean => !("WebSocketPair" in globalThis);

/** Rejects if the work takes longer. The work goes on. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("too late")), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
