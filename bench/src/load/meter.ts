import { build, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";
import type { LoadResult } from "./job.ts";

/** Records the responses of one load while it is on. Times are in milliseconds. */
export class Meter {
  readonly #latencies = newHistogram();
  readonly #lateness = newHistogram();
  readonly #unexpected: Record<string, number> = {};
  readonly #expect: number;
  #on = false;
  answers = 0;
  /** All answers, also those with an unexpected status. */
  seen = 0;

  constructor(expect: number) {
    this.#expect = expect;
  }

  start(): void {
    this.#on = true;
  }

  stop(): void {
    this.#on = false;
  }

  answered(status: number, latency: number): void {
    if (!this.#on) return;
    this.seen++;
    if (status !== this.#expect) {
      this.#unexpected[status] = (this.#unexpected[status] ?? 0) + 1;
      return;
    }
    this.answers++;
    this.#latencies.recordValue(microseconds(latency));
  }

  sent(late: number): void {
    if (this.#on) this.#lateness.recordValue(microseconds(late));
  }

  result(unanswered: number): LoadResult {
    return {
      answers: this.answers,
      unexpected: this.#unexpected,
      unanswered,
      latencies: encodeIntoCompressedBase64(this.#latencies),
      lateness: this.#lateness.totalCount === 0 ? undefined : encodeIntoCompressedBase64(this.#lateness),
    };
  }
}

const microseconds = (milliseconds: number): number => Math.max(1, Math.round(milliseconds * 1000));

const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });
