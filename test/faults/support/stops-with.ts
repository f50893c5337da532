import assert from "node:assert/strict";
import type { Finished } from "@carnet/testkit/carnet-process";

/** Asserts that a command stopped with one sentence for its operator: no more, no trace of the code, exit code 1. */
export function assertStopsWith(finished: Finished, sentence: RegExp): void {
  assert.match(finished.stderr, /^carnet: [^\n]+\.\n$/, "one line that is a sentence");
  assert.match(finished.stderr, sentence);
  assert.doesNotMatch(finished.stderr, /fault of carnet|\bat .*:\d+:\d+/);
  assert.deepEqual(
    { code: finished.code, signal: finished.signal, stdout: finished.stdout },
    { code: 1, signal: null, stdout: "" },
  );
}
