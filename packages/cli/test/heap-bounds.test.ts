import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./support/heap-bounds-child.ts", import.meta.url));

type Sizes = { readonly young: number; readonly old: number };

const sizes = (nodeOptions: readonly string[], bounds: "bounded" | "free", living: "short" | "long"): Sizes =>
  JSON.parse(spawnSync(process.execPath, [...nodeOptions, child, bounds, living], { encoding: "utf8" }).stdout);

test("the young generation stops growing at about 16 MiB, unless Node flags set its size", () => {
  const free = sizes([], "free", "short").young;
  assert.ok(free > 40e6, `it grows to ${free} bytes by itself`);
  const bounded = sizes([], "bounded", "short").young;
  assert.ok(bounded > 8e6 && bounded < 20e6, `it has ${bounded} bytes`);
  const told = sizes(["--max-semi-space-size=32"], "bounded", "short").young;
  assert.ok(told > 40e6, `it was told to grow and has ${told} bytes`);
});

test("the old generation holds less garbage than with Node's default, unless Node flags set its growth", () => {
  const free = sizes([], "free", "long").old;
  const bounded = sizes([], "bounded", "long").old;
  assert.ok(bounded < 0.75 * free, `${bounded} bytes at the most, and ${free} by itself`);
  const told = sizes(["--heap-growing-percent=400"], "bounded", "long").old;
  assert.ok(told > 1.2 * bounded, `it was told to grow and has ${told} bytes, and ${bounded} when it was not`);
});
