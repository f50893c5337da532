import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { basicChallenge, decodeBasicCredentials } from "@carnet/protocol/basic-credentials";
import { encodeFormPart } from "@carnet/protocol/form";
import { anyText, wellFormedText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

const clientId = wellFormedText.filter((value) => !value.includes(":"));
const base64 = (value: string) => Buffer.from(value).toString("base64");
const readingsOf = (encoded: string) => {
  const decoded = decodeBasicCredentials(encoded);
  assert.ok(decoded.ok);
  return decoded.value.map(({ clientId: id, clientSecret }) => [id, clientSecret.reveal()]);
};

test("the first reading is form-decoded [RFC6749 §2.3.1]", () => {
  fc.assert(
    fc.property(wellFormedText, wellFormedText, (id, secret) => {
      const encoded = base64(`${encodeFormPart(id)}:${encodeFormPart(secret)}`);
      assert.deepEqual(readingsOf(encoded)[0], [id, secret]);
    }),
  );
});

test("the last reading is raw, split at the first colon [RFC7617 §2]", () => {
  fc.assert(
    fc.property(clientId, wellFormedText, (id, secret) => {
      const readings = readingsOf(base64(`${id}:${secret}`));
      assert.ok(readings.length <= 2);
      assert.deepEqual(readings.at(-1), [id, secret]);
    }),
  );
});

test("equal readings are returned once", () => {
  assert.deepEqual(readingsOf(base64("id:secret:with:colons")), [["id", "secret:with:colons"]]);
});

test("an invalid escape leaves only the raw reading", () => {
  assert.deepEqual(readingsOf(base64("id:100%")), [["id", "100%"]]);
});

test("padding may be left out [RFC4648 §3.2]", () => {
  fc.assert(
    fc.property(clientId, wellFormedText, (id, secret) => {
      const padded = base64(`${id}:${secret}`);
      assert.deepEqual(readingsOf(padded.replace(/=+$/, "")), readingsOf(padded));
    }),
  );
});

test("decoding never throws", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        fc.base64String(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
      ),
      (encoded) => {
        decodeBasicCredentials(encoded);
      },
    ),
  );
});

for (const [encoded, problem] of [
  ["!!!", "the Basic credentials are not base64"],
  ["YWJj ZGVm", "the Basic credentials are not base64"],
  ["YTpi=", "the Basic credentials are not base64"],
  ["Pz8_Pjo-", "the Basic credentials are not base64"],
  ["YWJj", "the Basic credentials have no colon"],
  ["", "the Basic credentials have no colon"],
  [Buffer.from([0x61, 0x3a, 0xff]).toString("base64"), "the Basic credentials are not UTF-8"],
] as const) {
  test(`${JSON.stringify(encoded)} is refused: ${problem}`, () => {
    assert.deepEqual(decodeBasicCredentials(encoded), { ok: false, error: problem });
  });
}

test("a decoded secret is redacted when printed", () => {
  const decoded = decodeBasicCredentials(base64("id:planted-secret"));
  for (const shown of [inspect(decoded, { depth: 9, showHidden: true }), JSON.stringify(decoded)]) {
    assert.ok(!shown.includes("planted-secret"));
    assert.ok(shown.includes("[redacted]"));
  }
});

test("the challenge names the realm and the charset [RFC7617 §2.1]", () => {
  assert.equal(basicChallenge("carnet"), 'Basic realm="carnet", charset="UTF-8"');
});

test("decoding takes linear time for any text", () => {
  for (const unit of ["A", "=", "AAA=", "Og", "!"]) assertLinear((size) => unit.repeat(size), decodeBasicCredentials);
  assertLinear((size) => `${"A".repeat(size)}!`, decodeBasicCredentials);
});
