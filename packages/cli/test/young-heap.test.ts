import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./support/young-heap-child.ts", import.meta.url));

const youngHeap = (nodeOptions: readonly string[], size: "bounded" | "free"): number =>
  Number(spawnSync(process.execPath, [...nodeOptions, child, size], { encoding: "utf8" }).stdout);

test("the young heap of a service grows to some sixteen megabytes and no further, unless Node was told a size", () => {
  const free = youngHeap([], "free");
  assert.ok(free > 40e6, `it grows to ${free} bytes by itself`);
  const bounded = youngHeap([], "bounded");
  assert.ok(bounded > 8e6 && bounded < 36e6, `it has ${bounded} bytes`);
  const told = youngHeap(["--max-semi-space-size=32"], "bounded");
  assert.ok(told > 40e6, `it was told to grow and has ${told} bytes`);
});
