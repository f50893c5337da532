import assert from "node:assert/strict";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { KeyRing } from "@carnet/server/crypto/key-ring";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { compactVerify, decodeProtectedHeader } from "jose";

const [first, second] = [await generateSigningKey("ES256"), await generateSigningKey("ES256")];
const claims: AccessTokenClaims = {
  ...{ iss: "https://iam.example.test", sub: "app", client_id: "app", aud: "https://api.example.test" },
  ...{ iat: 1, exp: 601, jti: "1", scope: "file:read", rvk: ["client", "secret"] },
};
const noFault = (fault: unknown): void => assert.fail(String(fault));

test("each token names the key that signed it while keys are replaced, and the replaced key's thread ends", async () => {
  const ring = new KeyRing([first], noFault);
  const threads: Worker[] = [];
  process.on("worker", (thread) => threads.push(thread));
  const signatures = Array.from({ length: 200 }, () => ring.sign(claims, "at+jwt"));
  await endOfTurn();
  assert.equal(threads.length, availableParallelism() > 1 ? 1 : 0);
  await Promise.all(threads.map((thread) => once(thread, "message"))); // the thread is ready
  signatures.push(...Array.from({ length: 50 }, () => ring.sign(claims, "at+jwt")));
  const ended = threads.map((thread) => once(thread, "exit"));
  const replaced = ring.replace([first, second]);
  const later = Array.from({ length: 50 }, () => ring.sign(claims, "at+jwt"));
  await Promise.all([replaced, ...ended]);
  for (const { token, keyId } of await Promise.all([...signatures, ...later])) {
    assert.equal(decodeProtectedHeader(token).kid, keyId);
    await compactVerify(token, ring.find);
  }
  assert.deepEqual(new Set((await Promise.all(signatures)).map(({ keyId }) => keyId)), new Set([first.keyId]));
  assert.deepEqual(new Set((await Promise.all(later)).map(({ keyId }) => keyId)), new Set([second.keyId]));
  await ring.close();
});

test("a ring needs a key to sign with", async () => {
  assert.throws(() => new KeyRing([], noFault), /needs a key to sign with/);
  const ring = new KeyRing([first], noFault);
  await assert.rejects(ring.replace([]), /needs a key to sign with/);
  assert.deepEqual(ring.published, [first.publicJwk]);
  assert.equal((await ring.sign(claims, "at+jwt")).keyId, first.keyId);
});
