import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { KeyRing } from "@carnet/server/crypto/key-ring";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { compactVerify, decodeProtectedHeader } from "jose";

const [first, second] = [await generateSigningKey("ES256"), await generateSigningKey("ES256")];
const claims: AccessTokenClaims = {
  ...{ iss: "https://iam.example.test", sub: "app", client_id: "app", aud: "https://api.example.test" },
  ...{ iat: 1, exp: 601, jti: "1", scope: "file:read", rvk: ["client", "secret"] },
};

test("each token names the key that signed it while keys are replaced", async () => {
  const ring = new KeyRing([first]);
  const earlier = Array.from({ length: 50 }, () => ring.sign(claims, "at+jwt"));
  ring.replace([first, second]);
  const later = Array.from({ length: 50 }, () => ring.sign(claims, "at+jwt"));
  for (const { token, keyId } of await Promise.all([...earlier, ...later])) {
    assert.equal(decodeProtectedHeader(token).kid, keyId);
    await compactVerify(token, ring.find);
  }
  assert.deepEqual(new Set((await Promise.all(earlier)).map(({ keyId }) => keyId)), new Set([first.keyId]));
  assert.deepEqual(new Set((await Promise.all(later)).map(({ keyId }) => keyId)), new Set([second.keyId]));
});

test("a ring needs a key to sign with", async () => {
  assert.throws(() => new KeyRing([]), /needs a key to sign with/);
  const ring = new KeyRing([first]);
  assert.throws(() => ring.replace([]), /needs a key to sign with/);
  assert.deepEqual(ring.published, [first.publicJwk]);
  assert.equal((await ring.sign(claims, "at+jwt")).keyId, first.keyId);
});
