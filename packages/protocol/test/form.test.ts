import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeForm, decodeFormPart, encodeFormPart } from "@carnet/protocol/form";
import { anyText, wellFormedText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

const pairs = fc.array(fc.record({ name: wellFormedText, value: wellFormedText }, { noNullPrototype: true }), {
  maxLength: 8,
});
const encode = (list: readonly { name: string; value: string }[]) =>
  list.map(({ name, value }) => `${encodeFormPart(name)}=${encodeFormPart(value)}`).join("&");

test("encoded pairs decode to the same pairs, in order and with repeated names [RFC6749 §B]", () => {
  fc.assert(
    fc.property(pairs, (list) => {
      assert.deepEqual(decodeForm(encode(list)), { ok: true, value: list });
    }),
  );
});

test("encoding agrees with the platform's own", () => {
  fc.assert(
    fc.property(wellFormedText, wellFormedText, (name, value) => {
      assert.equal(encode([{ name, value }]), new URLSearchParams([[name, value]]).toString());
    }),
  );
});

test("pairs encoded by the platform decode to the same pairs", () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const encoded = new URLSearchParams(list.map(({ name, value }) => [name, value])).toString();
      assert.deepEqual(decodeForm(encoded), { ok: true, value: list });
    }),
  );
});

test("a lone surrogate is encoded as the replacement character", () => {
  assert.equal(encodeFormPart("a\ud800b"), "a%EF%BF%BDb");
});

test("decoding never throws, and an error names an existing pair", () => {
  const hostile = fc.oneof(anyText, fc.string({ unit: fc.constantFrom("%", "&", "=", "+", "f") }));
  fc.assert(
    fc.property(hostile, (body) => {
      const decoded = decodeForm(body);
      if (!decoded.ok) assert.ok(decoded.error.pair >= 1 && decoded.error.pair <= body.split("&").length);
    }),
  );
});

test("characters that should have been escaped are read literally", () => {
  assert.deepEqual(decodeForm("client_secret=wk_secret:oa2c:a/b==&scope=data_tables|r"), {
    ok: true,
    value: [
      { name: "client_secret", value: "wk_secret:oa2c:a/b==" },
      { name: "scope", value: "data_tables|r" },
    ],
  });
});

test("empty pairs are skipped, and a pair without an equals sign has an empty value", () => {
  assert.deepEqual(decodeForm("&&scope&=x&"), {
    ok: true,
    value: [
      { name: "scope", value: "" },
      { name: "", value: "x" },
    ],
  });
});

for (const broken of ["%", "%4", "%zz", "%u0041", "%C3", "%C3%28", "%FF", "%ED%A0%80", "%C0%80"]) {
  test(`the invalid escape ${broken} is refused with the number of its pair, in a name and in a value`, () => {
    assert.equal(decodeFormPart(broken), undefined);
    assert.deepEqual(decodeForm(`a=b&c=${broken}`), { ok: false, error: { pair: 2 } });
    assert.deepEqual(decodeForm(`${broken}=b`), { ok: false, error: { pair: 1 } });
  });
}

test("decoding takes linear time for any text", () => {
  for (const unit of ["%41", "&", "=", "+", "a=b&", "%C3%A9", "%"])
    assertLinear((size) => unit.repeat(size), decodeForm);
});
