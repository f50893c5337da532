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

const has = (readings: readonly string[][], wanted: readonly string[]) =>
  readings.some(([id, secret]) => id === wanted[0] && secret === wanted[1]);

test("one reading is raw UTF-8, split at the first colon [RFC7617 §2]", () => {
  fc.assert(
    fc.property(clientId, wellFormedText, (id, secret) => {
      assert.ok(has(readingsOf(base64(`${id}:${secret}`)), [id, secret]));
    }),
  );
});

test("one reading is raw Latin-1, and one form-encoded Latin-1", () => {
  const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) });
  const escaped = (text: string) =>
    text.replace(/[^A-Za-z0-9]/g, (char) => `%${Buffer.from(char, "latin1").toString("hex")}`);
  fc.assert(
    fc.property(
      latin1.filter((id) => !id.includes(":")),
      latin1,
      (id, secret) => {
        const encoded = (text: string) => Buffer.from(text, "latin1").toString("base64");
        assert.ok(has(readingsOf(encoded(`${id}:${secret}`)), [id, secret]));
        assert.ok(has(readingsOf(encoded(`${escaped(id)}:${escaped(secret)}`)), [id, secret]));
      },
    ),
  );
});

test("there are at most four readings, and no two are equal", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const readings = readingsOf(Buffer.concat([bytes, Buffer.from(":é%C3%A9%e9+")]).toString("base64"));
      assert.ok(readings.length <= 4);
      assert.equal(new Set(readings.map((reading) => JSON.stringify(reading))).size, readings.length);
    }),
  );
});

test("UTF-8 comes before Latin-1, and form-encoded before raw", () => {
  assert.deepEqual(readingsOf(base64("id:é+")), [
    ["id", "é "],
    ["id", "é+"],
    ["id", "\xc3\xa9 "],
    ["id", "\xc3\xa9+"],
  ]);
  assert.deepEqual(readingsOf(Buffer.from("id:schlüssel", "latin1").toString("base64")), [["id", "schlüssel"]]);
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
  for (const unit of ["%", "%C3", "+", "é"])
    assertLinear((size) => base64(`id:${unit.repeat(size)}`), decodeBasicCredentials);
});
