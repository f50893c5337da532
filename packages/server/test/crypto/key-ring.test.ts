import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { openTestKeyRing } from "@carnet/testkit/test-key-ring";
import { compactVerify, decodeProtectedHeader } from "jose";

const clock = new FixedClock("2026-11-21T12:00:00Z");
const [first, second] = [await generateSigningKey("ES256"), await generateSigningKey("ES256")];
const claims: AccessTokenClaims = {
  ...{ iss: "https://iam.example.test", sub: "app", client_id: "app", aud: "https://api.example.test" },
  ...{ iat: 1, exp: 601, jti: "1", scope: "file:read", rvk: ["client", "secret"] },
};

test("each token names the key that signed it while keys are replaced", async () => {
  const { ring, replace } = await openTestKeyRing(clock, [first]);
  const earlier = Array.from({ length: 50 }, () => ring.sign(claims, "at+jwt", null));
  await replace([first, second]);
  const later = Array.from({ length: 50 }, () => ring.sign(claims, "at+jwt", null));
  for (const { token, keyId } of await Promise.all([...earlier, ...later])) {
    assert.equal(decodeProtectedHeader(token).kid, keyId);
    await compactVerify(token, ring.find);
  }
  assert.deepEqual(new Set((await Promise.all(earlier)).map(({ keyId }) => keyId)), new Set([first.keyId]));
  assert.deepEqual(new Set((await Promise.all(later)).map(({ keyId }) => keyId)), new Set([second.keyId]));
});

test("a ring without a key signs nothing", async () => {
  const { ring } = await openTestKeyRing(clock, []);
  await assert.rejects(ring.sign(claims, "at+jwt", null), /no key to sign with/);
  assert.deepEqual(ring.published, []);
});
