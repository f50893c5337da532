import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type JsonObject, mergePatch, mergePatchBetween } from "@carnet/protocol/json-merge-patch";
import { claimBytes, largestClaims, parseStaticClaims, reservedClaims } from "@carnet/protocol/static-claims";
import fc from "fast-check";

/** The pointers of the problems, or the claims as JSON. */
function outcomeOf(json: string, maxBytes = 1024): string {
  const read = parseStaticClaims(JSON.parse(json), maxBytes);
  return read.ok ? JSON.stringify(read.value) : read.error.map(({ pointer }) => pointer).join(" ");
}

suite("static claims", () => {
  test("cannot have the name of a claim that is reserved, and can have it deeper down [RFC7519 §4]", () => {
    const names = Object.values(reservedClaims).flat();
    for (const name of ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "client_id", "arid", "rvk", "cnf"])
      assert.ok(names.includes(name), name);
    for (const name of names) {
      assert.equal(outcomeOf(JSON.stringify({ fine: 1, [name]: "x" })), `/${name}`);
      assert.equal(outcomeOf(JSON.stringify({ fine: { [name]: "x" } })), JSON.stringify({ fine: { [name]: "x" } }));
    }
    assert.equal(outcomeOf('{"carnet:x":1}'), "/carnet:x");
    assert.equal(
      outcomeOf('{"groups":["a"],"roles":["b"],"entitlements":["c"]}'),
      '{"entitlements":["c"],"groups":["a"],"roles":["b"]}',
    );
  });

  test("are refused where JSON parsers differ, with the place of each problem", () => {
    for (const [json, pointers] of [
      ['{"__proto__":{"polluted":true}}', "/__proto__"],
      ['{"a":[{"__proto__":1}]}', "/a/0/__proto__"],
      ['{"a":1e999,"b":-1e999,"c":9007199254740992}', "/a /b /c"],
      ['{"a":"\\ud800","\\udc00":1}', "/a /\ufffd"],
      ['{"":1}', "/"],
      [`{"${"n".repeat(129)}":1}`, `/${"n".repeat(100)}`],
      ['{"a":null,"b":{"c/d~":null}}', "/a /b/c~1d~0"],
      [`{"a":${"[".repeat(8)}${"]".repeat(8)}}`, "/a/0/0/0/0/0/0/0"],
      [`{"a":${'{"a":'.repeat(7)}{}${"}".repeat(8)}`, "/a/a/a/a/a/a/a/a"],
    ] as const)
      assert.equal(outcomeOf(json), pointers, json);
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });

  test("are otherwise any JSON, sorted by name on each level", () => {
    for (const [json, sorted] of [
      ["{}", "{}"],
      ['{"b":-0,"a":[null,-0.0,1.5e-7]}', '{"a":[null,0,1.5e-7],"b":0}'],
      ['{"constructor":{"z":1,"a":"\\u0000\\n🔑"}}', '{"constructor":{"a":"\\u0000\\n🔑","z":1}}'],
      ['{"a":9007199254740991,"toJSON":"x"}', '{"a":9007199254740991,"toJSON":"x"}'],
      [`{"a":${"[".repeat(7)}${"]".repeat(7)}}`, `{"a":${"[".repeat(7)}${"]".repeat(7)}}`],
    ] as const)
      assert.equal(outcomeOf(json), sorted);
  });

  test("have at most so many bytes, in UTF-8", () => {
    assert.equal(outcomeOf('{"a":"é🔑"}', 14), '{"a":"é🔑"}');
    assert.equal(outcomeOf('{"a":"é🔑"}', 13), "");
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), (claims) => {
        assert.equal(claimBytes(claims), Buffer.byteLength(JSON.stringify(claims)));
      }),
    );
  });

  test("of scopes never add more to a token than their bound says", () => {
    const claims = fc.dictionary(fc.constantFrom("a", "b", "constructor"), fc.oneof(fc.nat(), fc.string()), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.array(claims, { maxLength: 5 }), (ofScopes) => {
        assert.ok(claimBytes(Object.assign({}, ...ofScopes)) <= largestClaims(ofScopes));
      }),
    );
  });
});

suite("a merge patch", () => {
  test("does what the examples of the specification say [RFC7396 §A]", () => {
    for (const [target, patch, result] of [
      ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
      ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
      ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
      ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
      ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
      ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
      ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
      ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
      ["{}", '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
    ] as const)
      assert.equal(JSON.stringify(mergePatch(JSON.parse(target), JSON.parse(patch))), result);
  });

  test("between two objects turns one into the other", () => {
    const { object } = fc.letrec<{ object: JsonObject; value: JsonObject[string] }>((tie) => ({
      object: fc.dictionary(fc.constantFrom("a", "b", "__proto__"), tie("value"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      value: fc.oneof({ maxDepth: 3 }, fc.nat(3), fc.constant([null]), tie("object")),
    }));
    fc.assert(
      fc.property(object, object, (from, to) => {
        const patch = JSON.parse(JSON.stringify(mergePatchBetween(from, to)));
        assert.deepEqual(mergePatch(from, patch), mergePatch({}, to));
      }),
    );
  });
});
