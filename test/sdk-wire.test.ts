// The SDK takes the constants of the wire format from @carnet/protocol.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tokenPath } from "@carnet/protocol/endpoints";
import { expiryWarningHeader } from "@carnet/protocol/expiry-warning";
import { currentVersion } from "@carnet/protocol/versions";

const folder = join(import.meta.dirname, "../packages/sdk/src");
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join(folder, file), "utf8").replaceAll(/\/\*\*.*?\*\//gs, ""));

for (const constant of [tokenPath, currentVersion, expiryWarningHeader])
  test(`the SDK imports ${constant} and does not restate it`, () => {
    const restated = sources.filter((source) => source.toLowerCase().includes(constant.toLowerCase()));
    assert.deepEqual(restated, []);
  });
