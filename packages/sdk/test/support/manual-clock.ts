import type { Clock } from "@carnet/sdk";

/** The timeout of each attempt in tests, which the clock can tell from a wait. */
export const LIMIT_MS = 29_123;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to. With `skipWaits`, waits between attempts end immediately. */
export class ManualClock implements Clock {
  wall = Date.UTC(2026, 10, 21, 12);
  elapsed = 5_000;
  readonly timers = new Set<Timer>();
  /** Every requested wait, in milliseconds. */
  readonly waits: number[] = [];
  readonly #skipWaits: boolean;

  constructor(options: { readonly skipWaits?: boolean } = {}) {
    this.#skipWaits = options.skipWaits ?? false;
  }

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.elapsed;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.elapsed + ms, callback };
    if (ms !== LIMIT_MS) this.waits.push(ms);
    if (ms !== LIMIT_MS && this.#skipWaits) {
      this.advance(ms);
      queueMicrotask(callback);
      return () => {};
    }
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Advances time and fires timers in order. */
  advance(ms: number): void {
    const end = this.elapsed + ms;
    this.wall += ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.timers.delete(next);
      this.elapsed = Math.max(this.elapsed, next.at);
      next.callback();
    }
    this.elapsed = end;
  }

  /** Steps the wall clock forward or back, as an operator or NTP does. */
  step(ms: number): void {
    this.wall += ms;
  }
}
