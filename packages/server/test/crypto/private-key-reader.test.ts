import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { Redacted } from "@carnet/protocol/redacted";
import { isSigningAlgorithm, signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { keyReader } from "@carnet/server/crypto/private-key-reader";
import { createSigner, generateSigningKey, importSigningKey } from "@carnet/server/crypto/signing-key";
import { compactVerify, importJWK } from "jose";

const pem = { type: "pkcs8", format: "pem" } as const;
const { privateKey: p256 } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const read = (text: string, algorithm?: string) =>
  keyReader.read(new Redacted(text), algorithm !== undefined && isSigningAlgorithm(algorithm) ? algorithm : undefined);

suite("reading a private key", () => {
  for (const algorithm of signingAlgorithmNames) {
    test(`accepts ${algorithm} as PEM and as a JWK, and what it signs verifies with the public JWK`, async () => {
      const { privateKey, publicJwk } = await generateSigningKey(algorithm);
      for (const text of [
        privateKey.export(pem).toString(),
        JSON.stringify({ ...privateKey.export({ format: "jwk" }), alg: algorithm }),
      ]) {
        const found = await read(text, algorithm);
        assert.ok(found.ok, JSON.stringify(found));
        assert.deepEqual(found.value.publicJwk, publicJwk);
        const imported = await importSigningKey(algorithm, found.value.privateKey.reveal());
        const { token } = createSigner(imported)({ sub: "app" }, "at+jwt");
        await compactVerify(token, await importJWK({ ...publicJwk }, algorithm));
      }
    });
  }

  test("accepts the older forms of PEM, with other text around it", async () => {
    for (const [key, type] of [
      [p256, "sec1"],
      [rsa, "pkcs1"],
    ] as const)
      assert.ok((await read(`\n${key.export({ type, format: "pem" })}\n`)).ok, type);
  });

  test("takes the algorithm that was asked for, else that of the JWK, else the first that fits", async () => {
    const jwk = rsa.export({ format: "jwk" });
    const algorithmOf = async (text: string, asked?: string) => {
      const found = await read(text, asked);
      return found.ok ? found.value.algorithm : found.error;
    };
    assert.equal(await algorithmOf(rsa.export(pem).toString()), "RS256");
    assert.equal(await algorithmOf(rsa.export(pem).toString(), "PS256"), "PS256");
    assert.equal(await algorithmOf(JSON.stringify({ ...jwk, alg: "PS256" })), "PS256");
    assert.deepEqual(await algorithmOf(JSON.stringify({ ...jwk, alg: "PS256" }), "RS256"), {
      pointer: "/algorithm",
      detail: "differs from the `alg` of the JWK, which is PS256",
    });
    assert.deepEqual(await algorithmOf(rsa.export(pem).toString(), "ES256"), {
      pointer: "/algorithm",
      detail: "does not fit the key, which can be used for RS256 or PS256",
    });
  });

  test("refuses what is no usable private key, and repeats nothing of it", async () => {
    const p256Jwk = p256.export({ format: "jwk" });
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
    const rsaJwk = rsa.export({ format: "jwk" });
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (const [text, detail] of [
      ["planted-text-0123456789", /^must be an unencrypted private key/],
      ["{planted-text-0123456789", /^must be an unencrypted private key/],
      ['{"kty":"oct","k":"cGxhbnRlZC10ZXh0LTAxMjM0NTY3ODk"}', /^must be an unencrypted private key/],
      ["null", /^must be an unencrypted private key/],
      [publicKey.export({ type: "spki", format: "pem" }).toString(), /^must be an unencrypted private key/],
      [JSON.stringify({ ...p256Jwk, d: undefined }), /^must be an unencrypted private key/],
      [
        p256.export({ ...pem, cipher: "aes-256-cbc", passphrase: "x" }).toString(),
        /^must not be encrypted: decrypt it/,
      ],
      [generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export(pem).toString(), /2048 to 4096 bits/],
      [
        generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey.export(pem).toString(),
        /^must be a key on the curve/,
      ],
      [generateKeyPairSync("x25519").privateKey.export(pem).toString(), /^must be a key on the curve/],
      [JSON.stringify({ ...p256Jwk, use: "enc" }), /^must be for signing/],
      [JSON.stringify({ ...p256Jwk, key_ops: ["verify"] }), /^must be for signing/],
      [JSON.stringify({ ...p256Jwk, key_ops: "sign" }), /^must be for signing/],
      // With the exponent 1, the signature is the padded hash, which anyone can compute
      [JSON.stringify({ ...rsaJwk, e: "AQ", d: "AQ", dp: "AQ", dq: "AQ" }), /a public exponent from 65537/],
      [
        generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey.export(pem).toString(),
        /a public exponent from 65537/,
      ],
      [
        JSON.stringify({ ...p256Jwk, alg: "planted-text-0123456789" }),
        /^has an `alg` that does not fit it: .* for ES256$/,
      ],
      [JSON.stringify({ ...p256Jwk, x: other.x, y: other.y }), /^is damaged|^must be an unencrypted private key/],
      [JSON.stringify({ ...rsaJwk, d: rsaJwk.dp, dp: rsaJwk.dq }), /^is damaged|^must be an unencrypted private key/],
    ] as const) {
      const found = await read(text);
      assert.ok(!found.ok);
      assert.equal(found.error.pointer, "/private_key");
      assert.match(found.error.detail, detail);
      assert.doesNotMatch(found.error.detail, /planted|cGxhbnRlZ/);
    }
  });

  test("does not use Web Crypto for ML-DSA, which would print a warning beside the log", async () => {
    const source = `
      import { generateKeyPairSync } from "node:crypto";
      import { Redacted } from "@carnet/protocol/redacted";
      import { keyReader } from "@carnet/server/crypto/private-key-reader";
      const pem = generateKeyPairSync("ml-dsa-44").privateKey.export({ type: "pkcs8", format: "pem" });
      const read = await keyReader.read(new Redacted(String(pem)), undefined);
      console.log(read.ok && read.value.algorithm);`;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], {
      cwd: import.meta.dirname,
    });
    assert.deepEqual({ ...(await run) }, { stdout: "ML-DSA-44\n", stderr: "" });
  });
});
