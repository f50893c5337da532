import assert from "node:assert/strict";
import { test } from "node:test";
import { workspaceArid } from "@carnet/protocol/access-token-claims";
import { decodeBase64Text, encodeBase64UrlText, utf8Bytes } from "@carnet/protocol/base64";
import { anyText, wellFormedText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

test("text that the platform encodes decodes to what it was [RFC4648 §4]", () => {
  fc.assert(
    fc.property(wellFormedText, (value) => {
      assert.deepEqual(decodeBase64Text(Buffer.from(value).toString("base64")), { ok: true, value });
    }),
  );
});

test("bytes decode exactly where they are UTF-8, a byte order mark included", () => {
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

test("UTF-8 bytes and base64url agree with the platform's, for text that is no valid Unicode too [RFC4648 §5]", () => {
  fc.assert(
    fc.property(anyText, (value) => {
      assert.deepEqual(utf8Bytes(value), [...Buffer.from(value)]);
      assert.equal(encodeBase64UrlText(value), Buffer.from(value).toString("base64url"));
    }),
  );
});

test("no text makes decoding throw", () => {
  fc.assert(fc.property(fc.oneof(anyText, fc.base64String()), (value) => void decodeBase64Text(value)));
});

test("a workspace's arid is base64url of the word, the unit separator and the id", () => {
  assert.equal(Buffer.from(workspaceArid("Q-1"), "base64url").toString("latin1"), "Workspace\x1fQ-1");
});

test("encoding and decoding take time in proportion to the length", () => {
  for (const unit of ["A", "=", "!", "AA=="]) assertLinear((size) => unit.repeat(size), decodeBase64Text);
  for (const unit of ["a", "é", "\ud800"]) assertLinear((size) => unit.repeat(size), encodeBase64UrlText);
});
