import assert from "node:assert/strict";
import { it } from "node:test";
import { foundTools, versionOf } from "../support/command-line-tools.ts";

// The tests of a missing client cannot run. The wire vectors cover its requests too
it("finds the command-line clients of this machine, and reports them", (test) => {
  const found = Object.entries(foundTools).filter(([, version]) => version !== undefined);
  test.diagnostic(`clients found: ${found.map(([name, version]) => `${name} (${version})`).join(", ") || "none"}`);
  assert.match(versionOf(["node", "--version"]) ?? "", /^v\d/);
  assert.equal(versionOf(["no-such-command-line-client", "--version"]), undefined);
});
