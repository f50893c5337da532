import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  createSigner,
  exportPrivateKey,
  generateSigningKey,
  importSigningKey,
} from "@carnet/server/crypto/signing-key";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { sendRaw } from "@carnet/testkit/raw-http";
import { startTestService } from "@carnet/testkit/service";
import { calculateJwkThumbprint, createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from "jose";

const claims = {
  iss: "https://iam.example.test",
  sub: "app",
  client_id: "app",
  aud: "https://api.example.test",
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 600,
  jti: "1",
  scope: "file:read ключ",
  rvk: ["client-hand", "secret-hand"] as const,
};

test("a signature verifies with the published key, and the header has typ, alg and kid [RFC9068 §2.1]", async () => {
  const key = await generateSigningKey("ES256");
  const { token } = createSigner(key)(claims, "at+jwt");
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys: [key.publicJwk] }), {
    issuer: claims.iss,
    audience: claims.aud,
    typ: "at+jwt",
    algorithms: ["ES256"],
  });
  assert.deepEqual(payload, claims);
  assert.deepEqual(protectedHeader, { typ: "at+jwt", alg: "ES256", kid: key.keyId });
});

test("a token changed after signing does not verify", async () => {
  const key = await generateSigningKey("ES256");
  const [header, payload, signature] = createSigner(key)(claims, "at+jwt").token.split(".");
  const changed = Buffer.from(JSON.stringify({ ...claims, scope: "admin" })).toString("base64url");
  const keys = createLocalJWKSet({ keys: [key.publicJwk] });
  await assert.rejects(jwtVerify(`${header}.${changed}.${signature}`, keys), errors.JWSSignatureVerificationFailed);
  await assert.doesNotReject(jwtVerify(`${header}.${payload}.${signature}`, keys));
});

test("the key id is the thumbprint of the published key, which has no private member [RFC7638 §3]", async () => {
  const { keyId, publicJwk } = await generateSigningKey("ES256");
  assert.equal(await calculateJwkThumbprint(publicJwk), keyId);
  assert.equal(publicJwk.kid, keyId);
  assert.deepEqual(Object.keys(publicJwk).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
});

test("an exported and imported private key is the same key, and does not print its value", async () => {
  const key = await generateSigningKey("ES256");
  const imported = await importSigningKey("ES256", exportPrivateKey(key));
  assert.ok(createPublicKey(imported.privateKey).equals(createPublicKey(key.privateKey)));
  assert.deepEqual(imported.publicJwk, key.publicJwk);
  const secret = key.privateKey.export({ format: "jwk" }).d ?? "";
  assert.ok(secret.length > 40);
  for (const shown of [inspect(key, { depth: 9, showHidden: true }), JSON.stringify(key)])
    assert.ok(!shown.includes(secret));
});

test("a token verifies with the published keys, before and after a restart", async () => {
  const clock = new FixedClock(new Date().toISOString());
  const secret = "planted-secret-0123456789";
  await using service = await startTestService({ clock });
  await service.register({ client_id: "app", client_secret: secret });
  const { body } = await sendRaw(service.url, {
    method: "POST",
    path: "/oauth2/token",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: `grant_type=client_credentials&client_id=app&client_secret=${secret}`,
  });
  const token: string = JSON.parse(body).access_token;
  const published = async (url: string) => (await sendRaw(url, { method: "GET", path: "/oauth2/jwks" })).body;
  const before = await published(service.url);
  const settings = { issuer: service.url, dataDir: service.folder };
  await service.server.close();
  await using again = await startTestService({ clock, settings });
  assert.equal(await published(again.url), before);
  const keys = createRemoteJWKSet(new URL(`${again.url}/oauth2/jwks`));
  const { payload } = await jwtVerify(token, keys, { issuer: service.url, audience: service.url, typ: "at+jwt" });
  assert.equal(payload["client_id"], "app");
});
