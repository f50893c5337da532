import assert from "node:assert/strict";
import type { Finished } from "@carnet/testkit/carnet-process";

/** Asserts that a command stopped with exit code 1 and only one sentence for the operator, without a stack trace. */
export function assertStopsWith(finished: Finished, sentence: RegExp): void {
  assert.match(finished.stderr, /^carnet: [^\n]+\.\n$/, "one sentence on one line");
  assert.match(finished.stderr, sentence);
  assert.doesNotMatch(finished.stderr, /fault of carnet|\bat .*:\d+:\d+/);
  assert.deepEqual(
    { code: finished.code, signal: finished.signal, stdout: finished.stdout },
    { code: 1, signal: null, stdout: "" },
  );
}
