import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./support/young-heap-child.ts", import.meta.url));

const youngHeap = (nodeOptions: readonly string[], size: "small" | "any"): number =>
  Number(spawnSync(process.execPath, [...nodeOptions, child, size], { encoding: "utf8" }).stdout);

test("the young heap of a service stays as it is at the start, unless Node was told a size", () => {
  const free = youngHeap([], "any");
  assert.ok(free > 24e6, `it grows to ${free} bytes by itself`);
  const small = youngHeap([], "small");
  assert.ok(small > 0 && small < 12e6, `it has ${small} bytes`);
  const told = youngHeap(["--max-semi-space-size=16"], "small");
  assert.ok(told > 24e6, `it was told to grow and has ${told} bytes`);
});
