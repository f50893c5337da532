import assert from "node:assert/strict";

/**
 * Holds that an input eight times as long takes about eight times as long. A quadratic run would take 64 times as
 * long, so the bound between them is far from both; the best of several runs counts, since others use the machine too.
 */
export function assertLinear(make: (size: number) => string, run: (text: string) => unknown): void {
  const short = make(8_192);
  const long = make(65_536);
  const least = (text: string) => Math.min(...Array.from({ length: 5 }, () => timeOf(() => run(text))));
  least(short); // once to be compiled
  const base = least(short);
  const spent = least(long);
  // Below half a millisecond the clock and the collector say more than the code
  assert.ok(
    spent < Math.max(base, 0.05) * 30 + 0.5,
    `${short.slice(0, 12)}: ${base} ms for 8 Ki, ${spent} ms for 64 Ki`,
  );
}

function timeOf(act: () => unknown): number {
  const start = performance.now();
  act();
  return performance.now() - start;
}
