import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStaticClaims, reservedClaims } from "@carnet/protocol/static-claims";

test("static claims cannot have a name that some JSON parsers take for a reserved one", () => {
  // Go's encoding/json ignores case, and takes U+017F for s and U+212A for k
  const names = ["NBF", "Sub", "ſub", "\u{ff53}ub", "Carnet:x", "RVK", "rv\u{212a}", "Arid", "CLIENT_ID"];
  for (const name of [
    ...names,
    ...Object.values(reservedClaims)
      .flat()
      .map((one) => one.toUpperCase()),
  ]) {
    const read = parseStaticClaims({ [name]: "x" }, 1024);
    assert.deepEqual(read.ok || read.error.map(({ pointer }) => pointer), [`/${name}`], name);
  }
  for (const name of ["subject", "roles", "Groups", "scopes"])
    assert.ok(parseStaticClaims({ [name]: "x" }, 1024).ok, name);
});

test("static claims cannot have two names that differ by case only", () => {
  const read = parseStaticClaims({ tier: "silver", Tier: "gold" }, 1024);
  assert.deepEqual(read.ok || read.error.map(({ pointer }) => pointer), ["/Tier"]);
});
