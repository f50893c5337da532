import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { closestName, didYouMean } from "@carnet/protocol/did-you-mean";
import fc from "fast-check";

suite("the closest name", () => {
  const names = ["demo", "file:read", "file:write", "CARNET_PORT"];
  test("is found after a letter was added, left out, replaced or swapped, in any case", () => {
    const cases = { demmo: "demo", dem: "demo", dmeo: "demo", "file:raed": "file:read", carnet_prot: "CARNET_PORT" };
    for (const [typed, meant] of Object.entries(cases)) assert.equal(closestName(typed, names), meant, typed);
    assert.equal(didYouMean("demmo", names), " Did you mean demo?");
  });

  test("is not a name that has little in common", () => {
    for (const typed of ["", "x", "data", "nightly-export", "x".repeat(1000)])
      assert.equal(closestName(typed, names), undefined, typed);
    assert.equal(didYouMean("nightly-export", names), "");
  });

  test("is not looked for when the name has more than 100 letters, because the work grows with the lengths", () => {
    assert.equal(closestName("x".repeat(100), ["x".repeat(101)]), "x".repeat(101));
    assert.equal(closestName("x".repeat(101), ["x".repeat(100)]), undefined);
  });

  test("is at most a third of the letters away, and never the name itself", () => {
    const pair = fc.tuple(fc.string({ maxLength: 12 }), fc.array(fc.string({ maxLength: 12 })));
    fc.assert(
      fc.property(pair, ([name, candidates]) => {
        const found = closestName(name, candidates);
        assert.ok(found === undefined || (found !== name && candidates.includes(found)));
        if (found !== undefined) assert.ok(Math.abs(found.length - name.length) <= Math.ceil(name.length / 3));
      }),
    );
  });
});
