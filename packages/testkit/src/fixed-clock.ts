import type { Clock } from "@carnet/core/ports";

/** A clock that moves only when a test moves it. Times are milliseconds since the epoch. */
export class FixedClock implements Clock {
  #now: number;

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  set(time: string): void {
    this.#now = Date.parse(time);
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
