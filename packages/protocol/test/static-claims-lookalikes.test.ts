import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStaticClaims, reservedClaims } from "@carnet/protocol/static-claims";

test("static claims cannot have a name that some JSON parsers take for a reserved one", () => {
  // Go's encoding/json ignores case, and takes U+017F for s and U+212A for k
  const names = ["NBF", "Sub", "ſub", "\u{ff53}ub", "Carnet:x", "RVK", "rv\u{212a}", "Arid", "CLIENT_ID"];
  // Java's equalsIgnoreCase takes U+0131 and U+0130 for i
  names.push("\u{131}ss", "\u{130}ss", "cl\u{131}ent_\u{131}d", "\u{131}at");
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

test("static claims cannot have a name with characters that parsers cut off or nobody sees", () => {
  for (const name of ["iss\0x", "iss\n", "is\u{ad}s", "is\u{200b}s", "\u{feff}iss", "a\u{202e}b", "\u{9b}2J"])
    for (const claims of [{ [name]: 1 }, { outer: [{ [name]: 1 }] }]) {
      const read = parseStaticClaims(claims, 1024);
      assert.match(read.ok ? "" : (read.error[0]?.detail ?? ""), /without control or invisible characters$/);
    }
});

test("static claims cannot have two names that differ by case only", () => {
  const read = parseStaticClaims({ tier: "silver", Tier: "gold" }, 1024);
  assert.deepEqual(read.ok || read.error.map(({ pointer }) => pointer), ["/Tier"]);
});
