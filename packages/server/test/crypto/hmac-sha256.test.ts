import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { createHmacSha256 } from "@carnet/server/crypto/hmac-sha256";
import fc from "fast-check";

test("the HMAC is that of the published test cases whose data is text [RFC4231 §4]", () => {
  for (const { key, data, expected } of [
    {
      key: Buffer.alloc(20, 0x0b),
      data: "Hi There",
      expected: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    },
    {
      key: Buffer.from("Jefe"),
      data: "what do ya want for nothing?",
      expected: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    },
  ])
    assert.equal(createHmacSha256(key)(data).toString("hex"), expected);
});

test("the HMAC of any text under any key of up to a block is that of node:crypto, even when it is used again", () => {
  const texts = fc.array(fc.string({ unit: "binary", maxLength: 300 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), texts, (key, all) => {
      const hmac = createHmacSha256(key);
      const digests = all.map(hmac); // all of them before the first comparison, because none may change a former one
      const expected = all.map((text) => createHmac("sha256", key).update(text).digest());
      assert.deepEqual(digests, expected);
    }),
  );
});

test("a key that is longer than a block is refused, and the error does not repeat it", () => {
  assert.throws(() => createHmacSha256(Buffer.alloc(65, "k")), { message: /longer than a block/ });
});
