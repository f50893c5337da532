import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseJsonBody } from "@carnet/server/json-body";
import fc from "fast-check";

const problemOf = (text: string) => {
  const parsed = parseJsonBody(Buffer.from(text));
  return parsed.ok ? undefined : parsed.error;
};

suite("A JSON body", () => {
  test("with any value without repeated members is parsed", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        assert.deepEqual(parseJsonBody(Buffer.from(text)), { ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test("is parsed or refused for any text, and parsed only when JSON.parse accepts it", () => {
    const pieces = fc.array(fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", "a", '"a"', "1", " "));
    fc.assert(
      fc.property(pieces, (parts) => {
        const parsed = parseJsonBody(Buffer.from(parts.join("")));
        if (parsed.ok) assert.deepEqual(parsed.value, JSON.parse(parts.join("")));
      }),
      { numRuns: 2000 },
    );
  });

  for (const [text, pointer] of [
    ['{"a":1,"a":2}', "/a"],
    ['{"a":1,"\\u0061":2}', "/a"],
    ['{"a":1,"b":{"a":1},"a":2}', "/a"],
    ['{"clients":[{"a":1},{"b/c":[1,{"a":"}"}],"b/c":2}]}', "/clients/1/b~1c"],
    ['{"__proto__":1,"__proto__":2}', "/__proto__"],
  ] as const) {
    test(`with a repeated member is refused with its pointer: ${text}`, () => {
      assert.deepEqual(problemOf(text)?.errors, [{ pointer, detail: "appears twice" }]);
    });
  }

  test("with the same name in two objects or as a value is parsed", () => {
    for (const text of ['[{"a":1},{"a":2}]', '{"a":{"a":"a"},"b":"a"}', '{"a":["a","a"]}'])
      assert.equal(problemOf(text), undefined, text);
  });

  test("that is nested too deeply is refused before it is parsed, even when it is large", () => {
    const deep = "[".repeat(1_900_000) + "]".repeat(1_900_000);
    const started = performance.now();
    assert.match(problemOf(deep)?.detail ?? "", /more than 32 levels deep/);
    const taken = performance.now() - started;
    assert.ok(taken < 200, `${taken} ms`); // parsing it takes up to a second
    assert.equal(problemOf("[".repeat(32) + "]".repeat(32)), undefined);
  });

  test("with a hundred thousand members and items is parsed, and with more is refused", () => {
    assert.equal(problemOf(`[${"0,".repeat(99_998)}0]`), undefined);
    assert.match(problemOf(`[${"[],".repeat(100_000)}0]`)?.detail ?? "", /more than 100000 members and items/);
  });
});
