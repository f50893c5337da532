import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecretHasher } from "@carnet/server/crypto/secret-hasher";

const hasher = createSecretHasher(Buffer.alloc(32, 1));
const otherPepper = createSecretHasher(Buffer.alloc(32, 2));
const salt = Buffer.alloc(16, 3);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("the fast hash is of the pepper, the client and the secret, and of nothing between them", () => {
  const digest = hex(hasher.digest("app", "secret"));
  assert.equal(hex(createSecretHasher(Buffer.alloc(32, 1)).digest("app", "secret")), digest);
  const others = [
    hasher.digest("app", "secreT"),
    hasher.digest("apq", "secret"),
    hasher.digest("apps", "ecret"),
    hasher.digest("ap", "psecret"),
    otherPepper.digest("app", "secret"),
  ];
  assert.equal(new Set([digest, ...others.map(hex)]).size, 6);
});

test("the slow hash is of the pepper, the salt and the secret", async () => {
  const hashes = await Promise.all([
    hasher.slowDigest("secret", salt),
    hasher.slowDigest("secret", salt),
    hasher.slowDigest("secreT", salt),
    hasher.slowDigest("secret", Buffer.alloc(16, 4)),
    otherPepper.slowDigest("secret", salt),
  ]);
  const digests = hashes.map((hash) => (hash.ok ? hex(hash.value) : "busy"));
  assert.equal(digests[0], digests[1]);
  assert.equal(new Set(digests).size, 4);
  assert.ok(digests.every((digest) => /^[0-9a-f]{64}$/.test(digest)));
});

test("digests are equal only where all bytes and the length are", () => {
  const digest = hasher.digest("app", "secret");
  assert.equal(hasher.equal(digest, Buffer.from(digest)), true);
  assert.equal(hasher.equal(digest, digest.subarray(1)), false);
  assert.equal(hasher.equal(digest, new Uint8Array()), false);
  for (let at = 0; at < digest.length; at++) {
    const other = Buffer.from(digest);
    other[at] = (other[at] ?? 0) ^ 1;
    assert.equal(hasher.equal(digest, other), false);
  }
});

test("as many slow hashes run and wait as the limits say, the rest are busy at once, and each turn comes", async () => {
  const small = createSecretHasher(Buffer.alloc(32, 1), { concurrency: 1, queue: 2 });
  const outcomes: string[] = [];
  const hashes = Array.from({ length: 6 }, async (_, number) => {
    const hash = await small.slowDigest(`secret ${number}`, salt);
    outcomes.push(`${number} ${hash.ok ? "done" : hash.error}`);
  });
  await Promise.all(hashes);
  assert.deepEqual(outcomes, ["3 busy", "4 busy", "5 busy", "0 done", "1 done", "2 done"]);
  assert.equal((await small.slowDigest("again", salt)).ok, true);
});

test("a slow hash leaves the event loop free", async () => {
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  await hasher.slowDigest("secret", salt);
  clearInterval(ticking);
  assert.ok(ticks >= 3, `${ticks} ticks`);
});
