import assert from "node:assert/strict";
import { test } from "node:test";
import { workspaceArid } from "@carnet/protocol/access-token-claims";
import { decodeBase64, encodeBase64UrlText, isAscii, utf8Bytes, utf8Text } from "@carnet/protocol/base64";
import { anyText, wellFormedText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

test("text encoded by the platform decodes to the same text [RFC4648 §4]", () => {
  fc.assert(
    fc.property(wellFormedText, (value) => {
      assert.equal(utf8Text(decodeBase64(Buffer.from(value).toString("base64")) ?? "not base64"), value);
    }),
  );
});

test("bytes encoded by the platform decode to one character for each byte", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const latin1 = Buffer.from(bytes).toString("latin1");
      assert.equal(decodeBase64(Buffer.from(bytes).toString("base64")), latin1);
      assert.equal(isAscii(latin1), /^[\0-\x7f]*$/.test(latin1));
    }),
  );
});

test("bytes are text if and only if they are UTF-8, with a byte order mark or without", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      let expected: string | undefined;
      try {
        expected = decoder.decode(bytes);
      } catch {}
      assert.equal(utf8Text(Buffer.from(bytes).toString("latin1")), expected);
    }),
    { numRuns: 1000 },
  );
});

test("UTF-8 and base64url encoding agree with the platform's, even for lone surrogates [RFC4648 §5]", () => {
  fc.assert(
    fc.property(anyText, (value) => {
      assert.deepEqual(utf8Bytes(value), [...Buffer.from(value)]);
      assert.equal(encodeBase64UrlText(value), Buffer.from(value).toString("base64url"));
    }),
  );
});

test("decoding never throws", () => {
  fc.assert(fc.property(fc.oneof(anyText, fc.base64String()), (value) => void decodeBase64(value)));
});

test('the arid of a workspace is base64url of "Workspace", the unit separator and the id', () => {
  assert.equal(Buffer.from(workspaceArid("Q-1"), "base64url").toString("latin1"), "Workspace\x1fQ-1");
});

test("encoding and decoding take linear time", () => {
  for (const unit of ["A", "=", "!", "AA=="]) assertLinear((size) => unit.repeat(size), decodeBase64);
  for (const unit of ["a", "%", "\xff", "\xc3\xa9"]) assertLinear((size) => unit.repeat(size), utf8Text);
  for (const unit of ["a", "é", "\ud800"]) assertLinear((size) => unit.repeat(size), encodeBase64UrlText);
});
