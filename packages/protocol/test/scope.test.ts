import assert from "node:assert/strict";
import { test } from "node:test";
import { formatScope, parseScope } from "@carnet/protocol/scope";
import { anyText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

const name = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,12}$/);
const names = fc.uniqueArray(name, { maxLength: 8 });

test("formatted names parse to the same names in order [RFC6749 §3.3]", () => {
  fc.assert(
    fc.property(names, (list) => {
      assert.deepEqual(parseScope(formatScope(list)), { ok: true, value: list });
    }),
  );
});

test("extra spaces and repeated names are ignored", () => {
  const gap = fc.stringMatching(/^ {1,3}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), gap, (list, space) => {
      const text = `${space}${[...list, ...list].join(space)}${space}`;
      assert.deepEqual(parseScope(text), { ok: true, value: list });
    }),
  );
});

test("exactly the characters of the grammar are accepted [RFC6749 §3.3]", () => {
  for (let code = 0; code <= 0x200; code++) {
    const allowed = code === 0x21 || (code >= 0x23 && code <= 0x5b) || (code >= 0x5d && code <= 0x7e);
    const accepted = parseScope(`a${String.fromCharCode(code)}b`).ok;
    assert.equal(accepted, allowed || code === 0x20, `U+${code.toString(16)}`);
  }
});

test("parsing never throws, and a problem is ASCII and names the position without repeating the input", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseScope(text);
      if (parsed.ok) return;
      assert.match(parsed.error.description, /^[\x20-\x7e]+$/);
      assert.ok(parsed.error.description.includes(`scope name ${parsed.error.position} `));
    }),
  );
  const problem = parseScope('a b hunter2" c');
  assert.ok(!problem.ok);
  assert.equal(problem.error.position, 3);
  assert.ok(!problem.error.description.includes("hunter2"));
});

test("empty text is an empty scope, and spaces alone are malformed [RFC6749 §3.3]", () => {
  assert.deepEqual(parseScope(""), { ok: true, value: [] });
  assert.equal(parseScope(" ").ok, false);
});

test("parsing takes linear time for any text", () => {
  for (const unit of ["a", " ", "a ", '"', "ab cd "]) assertLinear((size) => unit.repeat(size), parseScope);
});
