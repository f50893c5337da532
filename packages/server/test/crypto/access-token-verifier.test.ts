import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccessTokenVerifier } from "@carnet/server/crypto/access-token-verifier";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createLocalJWKSet } from "jose/jwks/local";

const issuer = "https://iam.example.test";
const { privateKey, publicKey } = await generateKeyPair("ES256");
const jwk = { ...(await exportJWK(publicKey)), kid: "key-1", alg: "ES256", use: "sig" };
const verifier = createAccessTokenVerifier(issuer, { find: createLocalJWKSet({ keys: [jwk] }) });

const claims = {
  iss: issuer,
  sub: "app",
  client_id: "app",
  aud: "https://api.example.test",
  iat: 1_000,
  exp: 1_600,
  jti: "1",
  scope: "",
  rvk: ["AAAAAAAAAAA", "BBBBBBBBBBB"],
};
const sign = (changes: object = {}, header: object = {}) =>
  new SignJWT({ ...claims, ...changes })
    .setProtectedHeader({ alg: "ES256", kid: "key-1", typ: "at+jwt", ...header })
    .sign(privateKey);

test("a token of this service gives its claims until the millisecond in which it expires [RFC7519 §4.1.4]", async () => {
  const token = await sign();
  // The first 16 bytes of SHA-256 of "1"
  const verified = { claims, keyId: "key-1", idHash: "a4ayc_80_OGda4BO_1o_Vw" };
  assert.deepEqual(await verifier.verify(token, 1_599_999), verified);
  assert.equal(await verifier.verify(token, 1_600_000), undefined);
});

test("a token of another type, issuer or key is refused [RFC9068 §4]", async () => {
  for (const token of [
    await sign({}, { typ: "JWT" }),
    await sign({}, { typ: undefined }),
    await sign({ iss: "https://iam.example.test/" }),
    await sign({}, { kid: "key-2" }),
    "",
    "a.b.c",
  ]) {
    assert.equal(await verifier.verify(token, 1_100_000), undefined, token);
  }
});

test("a token that lacks a claim, or has one of another type, is refused", async () => {
  for (const name of Object.keys(claims))
    assert.equal(await verifier.verify(await sign({ [name]: undefined }), 0), undefined, name);
  for (const wrong of [
    { scope: 1 },
    { client_id: ["app"] },
    { exp: 1600.5 },
    { rvk: ["a"] },
    { rvk: [1, 2] },
    { aud: ["a"] },
  ])
    assert.equal(await verifier.verify(await sign(wrong), 0), undefined, JSON.stringify(wrong));
});
