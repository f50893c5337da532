import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { createAccessTokenVerifier } from "@carnet/server/crypto/access-token-verifier";
import { signingAlgorithms } from "@carnet/server/crypto/signing-algorithms";
import { createSigner, generateSigningKey } from "@carnet/server/crypto/signing-key";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { openTestKeyRing } from "@carnet/testkit/test-key-ring";
import { SignJWT } from "jose";

const issuer = "https://iam.example.test";
const clock = new FixedClock("2026-11-21T12:00:00Z");
const key = await generateSigningKey("ES256");
const { privateKey, keyId } = key;
const verifier = createAccessTokenVerifier(issuer, (await openTestKeyRing(clock, [key])).ring);

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
    .setProtectedHeader({ alg: "ES256", kid: keyId, typ: "at+jwt", ...header })
    .sign(privateKey);

test("a token of this service gives its claims until the millisecond in which it expires [RFC7519 §4.1.4]", async () => {
  const token = await sign();
  // The first 16 bytes of SHA-256 of "1"
  const verified = { claims, keyId, idHash: "a4ayc_80_OGda4BO_1o_Vw" };
  assert.deepEqual(await verifier.verify(token, 1_599_999), verified);
  assert.equal(await verifier.verify(token, 1_600_000), undefined);
});

test("a token of another type, issuer or key is refused [RFC9068 §4]", async () => {
  for (const token of [
    await sign({}, { typ: "JWT" }),
    await sign({}, { typ: undefined }),
    await sign({ iss: "https://iam.example.test/" }),
    await sign({}, { kid: "key-2" }),
    await sign({}, { kid: undefined }),
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

test("a token has one text only: other characters, padding and more parts are refused [RFC7515 §7.1]", async () => {
  const token = await sign();
  for (const other of [`${token}=`, `${token}.`, `${token}.a`, ` ${token}`, `${token}\n`, token.replace(".", "=.")])
    assert.equal(await verifier.verify(other, 1_100_000), undefined, JSON.stringify(other));
});

test("a token with an extension that must be understood is refused [RFC7515 §4.1.11]", async () => {
  const [, payload] = (await sign()).split(".");
  const header = { alg: "ES256", kid: keyId, typ: "at+jwt" };
  const withHeader = (more: object) => {
    const signed = `${Buffer.from(JSON.stringify({ ...header, ...more })).toString("base64url")}.${payload}`;
    const signature = signingAlgorithms.ES256.sign(Buffer.from(signed), privateKey).toString("base64url");
    return `${signed}.${signature}`;
  };
  assert.notEqual(await verifier.verify(withHeader({}), 1_100_000), undefined);
  assert.equal(await verifier.verify(withHeader({ crit: ["exp"], exp: 1 }), 1_100_000), undefined);
});

test("a token of each algorithm is verified, and only with its own algorithm", async () => {
  const keys = await Promise.all(signingAlgorithmNames.map((algorithm) => generateSigningKey(algorithm)));
  const { ring } = await openTestKeyRing(clock, keys);
  const all = createAccessTokenVerifier(issuer, ring);
  for (const one of keys) {
    const { token } = createSigner(one)(claims, "at+jwt");
    assert.equal((await all.verify(token, 1_100_000))?.keyId, one.keyId, one.algorithm);
    const [header, payload, signature = ""] = token.split(".");
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    assert.equal(await all.verify(`${header}.${payload}.${flipped}`, 1_100_000), undefined, one.algorithm);
    for (const algorithm of [...signingAlgorithmNames, "HS256", "none", "toString"]) {
      if (algorithm === one.algorithm) continue;
      const named = { typ: "at+jwt", alg: algorithm, kid: one.keyId };
      const signed = `${Buffer.from(JSON.stringify(named)).toString("base64url")}.${payload}`;
      const signedAgain = signingAlgorithms[one.algorithm].sign(Buffer.from(signed), one.privateKey);
      const other = `${signed}.${signedAgain.toString("base64url")}`;
      assert.equal(await all.verify(other, 1_100_000), undefined, `${one.algorithm} as ${algorithm}`);
    }
  }
});

test("no algorithm makes Node warn that it is experimental", async () => {
  const warnings: string[] = [];
  const listen = ({ name, message }: Error) => {
    if (name === "ExperimentalWarning") warnings.push(message);
  };
  process.on("warning", listen);
  const keys = await Promise.all((["ML-DSA-44", "ML-DSA-65"] as const).map(generateSigningKey));
  const all = createAccessTokenVerifier(issuer, (await openTestKeyRing(clock, keys)).ring);
  for (const one of keys) assert.ok(await all.verify(createSigner(one)(claims, "at+jwt").token, 1_100_000));
  await endOfTurn(); // Node emits warnings in the next turn
  process.off("warning", listen);
  assert.deepEqual(warnings, []);
});
