import assert from "node:assert/strict";
import { it } from "node:test";
import { foundTools, versionOf } from "../support/command-line-tools.ts";

// Tests of clients that are not on a machine cannot run there. What they send stands in the wire vectors as well.
it("finds the command-line clients that this machine has, and says which", (test) => {
  const found = Object.entries(foundTools).filter(([, version]) => version !== undefined);
  test.diagnostic(`clients found: ${found.map(([name, version]) => `${name} (${version})`).join(", ") || "none"}`);
  assert.match(versionOf(["node", "--version"]) ?? "", /^v\d/);
  assert.equal(versionOf(["no-such-command-line-client", "--version"]), undefined);
});
