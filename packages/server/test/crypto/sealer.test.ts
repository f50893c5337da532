import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { createSealer } from "@carnet/server/crypto/sealer";
import fc from "fast-check";

const keyOf = (byte: number) => createSecretKey(Buffer.alloc(32, byte));
const sealer = createSealer(keyOf(1));

test("sealed bytes open under the same key and context", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, context) => {
      assert.deepEqual([...(createSealer(keyOf(1)).open(sealer.seal(plain, context), context) ?? [])], [...plain]);
    }),
  );
});

test("sealed bytes do not open under another context or another key", () => {
  const sealed = sealer.seal(Buffer.from("pepper"), "pepper");
  assert.equal(sealer.open(sealed, "signing-key/1"), undefined);
  assert.equal(sealer.open(sealed, ""), undefined);
  assert.equal(createSealer(keyOf(2)).open(sealed, "pepper"), undefined);
});

test("sealed bytes do not open after any bit is changed, removed or added", () => {
  const sealed = sealer.seal(Buffer.from("pepper"), "pepper");
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = Buffer.from(sealed);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(sealer.open(damaged, "pepper"), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < sealed.length; length++)
    assert.equal(sealer.open(sealed.subarray(0, length), "pepper"), undefined);
  assert.equal(sealer.open(Buffer.concat([sealed, Buffer.of(0)]), "pepper"), undefined);
});

test("opening never throws", () => {
  for (let length = 0; length < 100; length++) {
    const bytes = randomBytes(length);
    if (length > 0) bytes[0] = 1;
    assert.equal(sealer.open(bytes, "pepper"), undefined);
  }
});

test("sealing the same text twice gives different bytes, and neither contains the text", () => {
  const seals = Array.from({ length: 50 }, () => Buffer.from(sealer.seal(Buffer.from("planted-secret"), "x")));
  assert.equal(new Set(seals.map((sealed) => sealed.toString("hex"))).size, 50);
  assert.ok(seals.every((sealed) => !sealed.includes("planted")));
});
