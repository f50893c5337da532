import assert from "node:assert/strict";

/** The largest body that the service reads, in characters. */
const size = 65_536;

/** Milliseconds. Linear code needs well under ten on such a text, quadratic code hundreds at the least. */
const moment = 100;

/**
 * Holds that the longest text which can come in is dealt with in a moment, however it is made. One run of ten is
 * enough, so that a busy machine cannot make it fail.
 */
export function assertLinear(make: (size: number) => string, run: (text: string) => unknown): void {
  const text = make(size);
  let spent = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 10 && spent > moment; tries++) {
    const start = performance.now();
    run(text);
    spent = performance.now() - start;
  }
  assert.ok(spent <= moment, `${text.slice(0, 12)}…: ${spent} ms for ${text.length} characters`);
}
