import assert from "node:assert/strict";

/** The largest body that the service reads, in characters. */
const size = 65_536;

/** Milliseconds of CPU time. Linear code needs fewer than ten for such a text, quadratic code hundreds. */
const limit = 100;

/** Fails if `run` is not linear in the longest text that a caller can send. One fast run out of ten is enough. */
export function assertLinear(make: (size: number) => string, run: (text: string) => unknown): void {
  const text = make(size);
  let spent = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 10 && spent > limit; tries++) {
    const start = process.cpuUsage();
    run(text);
    spent = process.cpuUsage(start).user / 1000;
  }
  assert.ok(spent <= limit, `${text.slice(0, 12)}…: ${spent} ms for ${text.length} characters`);
}
