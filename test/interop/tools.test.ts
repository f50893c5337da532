import assert from "node:assert/strict";
import { it } from "node:test";
import { foundTools } from "../support/command-line-tools.ts";

for (const name of ["curl", "wget"] as const) {
  it(`has ${name} to test with`, () => {
    assert.ok(
      foundTools[name],
      `${name} is not installed: install it by the system's package manager, such as apt-get install ${name}`,
    );
  });
}

it("says which clients of the command line the tests have used", (test) => {
  const found = Object.entries(foundTools).filter(([, version]) => version !== undefined);
  test.diagnostic(`clients found: ${found.map(([name, version]) => `${name} (${version})`).join(", ")}`);
  assert.notEqual(found.length, 0);
});
