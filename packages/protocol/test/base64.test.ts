import assert from "node:assert/strict";
import { test } from "node:test";
import { workspaceArid } from "@carnet/protocol/access-token-claims";
import { decodeBase64Text, encodeBase64UrlText, utf8Bytes } from "@carnet/protocol/base64";
import { anyText, wellFormedText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

test("text encoded by the platform decodes to the same text [RFC4648 §4]", () => {
  fc.assert(
    fc.property(wellFormedText, (value) => {
      assert.deepEqual(decodeBase64Text(Buffer.from(value).toString("base64")), { ok: true, value });
    }),
  );
});

test("bytes decode if and only if they are UTF-8, with a byte order mark or without", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const decoded = decodeBase64Text(Buffer.from(bytes).toString("base64"));
      let expected: string | undefined;
      try {
        expected = decoder.decode(bytes);
      } catch {}
      assert.deepEqual(
        decoded,
        expected === undefined ? { ok: false, error: "not UTF-8" } : { ok: true, value: expected },
      );
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
  fc.assert(fc.property(fc.oneof(anyText, fc.base64String()), (value) => void decodeBase64Text(value)));
});

test('the arid of a workspace is base64url of "Workspace", the unit separator and the id', () => {
  assert.equal(Buffer.from(workspaceArid("Q-1"), "base64url").toString("latin1"), "Workspace\x1fQ-1");
});

test("encoding and decoding take linear time", () => {
  for (const unit of ["A", "=", "!", "AA=="]) assertLinear((size) => unit.repeat(size), decodeBase64Text);
  for (const unit of ["a", "é", "\ud800"]) assertLinear((size) => unit.repeat(size), encodeBase64UrlText);
});
