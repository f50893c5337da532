// Signatures that are right by themselves, made with a key or in a form that does not count.
import assert from "node:assert/strict";
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { suite, test } from "node:test";
import { assertInvalid, openWorld, paths } from "./support/world.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const shortRsa = generateKeyPairSync("rsa", { modulusLength: 1024 });

const jwk = ({ publicKey }: { publicKey: KeyObject }, members: object) => ({
  ...publicKey.export({ format: "jwk" }),
  ...members,
});
const derOf = (data: Buffer): Buffer => sign("sha256", data, ec.privateKey);
const es256 = (data: Buffer): Buffer => sign("sha256", data, { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
const rs256 = (data: Buffer): Buffer => sign("sha256", data, rsa.privateKey);
const shortRs256 = (data: Buffer): Buffer => sign("sha256", data, shortRsa.privateKey);
const ps256 = (data: Buffer): Buffer =>
  sign("sha256", data, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });

/** A guard whose issuer publishes some keys, and a function that makes tokens with any header and signature. */
async function worldWith(keys: readonly object[]) {
  const { issuer, guard, network } = await openWorld({ revocations: false });
  network.answer(paths.jwks, () => Response.json({ keys }));
  const [, payload = ""] = (await issuer.issue()).split(".");
  const make = (header: object, signer: (data: Buffer) => Buffer): string => {
    const signed = `${Buffer.from(JSON.stringify({ typ: "at+jwt", ...header })).toString("base64url")}.${payload}`;
    return `${signed}.${signer(Buffer.from(signed)).toString("base64url")}`;
  };
  return { guard, make };
}

suite("A token whose signature is right is refused", () => {
  test("when its algorithm is not the key's own [RFC8725 §3.1]", async () => {
    const { guard, make } = await worldWith([jwk(rsa, { kid: "rsa", alg: "RS256" })]);
    await guard.verify(make({ alg: "RS256", kid: "rsa" }, rs256));
    await assertInvalid(guard.verify(make({ alg: "PS256", kid: "rsa" }, ps256)), "unknown_key");
  });

  test("when its RSA key is shorter than 2048 bits [RFC7518 §3.3]", async () => {
    const { guard, make } = await worldWith([jwk(shortRsa, { kid: "short" })]);
    await assertInvalid(guard.verify(make({ alg: "RS256", kid: "short" }, shortRs256)), "algorithm");
  });

  test("when its key is published for something else [RFC7517 §4]", async () => {
    for (const members of [{ use: "enc" }, { key_ops: ["sign"] }]) {
      const { guard, make } = await worldWith([jwk(ec, { kid: "ec", ...members })]);
      await assertInvalid(guard.verify(make({ alg: "ES256", kid: "ec" }, es256)), "unknown_key");
    }
  });

  test("when it is in DER, or has a byte too many [RFC7518 §3.4]", async () => {
    const { guard, make } = await worldWith([jwk(ec, { kid: "ec" })]);
    const header = { alg: "ES256", kid: "ec" };
    await guard.verify(make(header, es256));
    await assertInvalid(guard.verify(make(header, derOf)), "signature");
    await assertInvalid(
      guard.verify(make(header, (data) => Buffer.concat([es256(data), Buffer.alloc(1)]))),
      "signature",
    );
  });

  test("when its kid is not a text, or its algorithm is one in another case [RFC7515 §4.1]", async () => {
    const { guard, make } = await worldWith([jwk(ec, { kid: "ec" }), jwk(ec, { kid: 5 })]);
    for (const kid of [null, 5, {}, ["ec"]])
      await assertInvalid(guard.verify(make({ alg: "ES256", kid }, es256)), "unknown_key");
    for (const alg of ["es256", "ES256 ", ["ES256"], "constructor", "__proto__", null, undefined])
      await assertInvalid(guard.verify(make({ alg, kid: "ec" }, es256)), "algorithm");
  });
});

suite("A JWKS with an unusual key", () => {
  test("that has the kid of another key is no obstacle: each is tried", async () => {
    const { guard, make } = await worldWith([jwk(rsa, { kid: "same" }), jwk(ec, { kid: "same" })]);
    await guard.verify(make({ alg: "ES256", kid: "same" }, es256));
    await guard.verify(make({ alg: "RS256", kid: "same" }, rs256));
    await assertInvalid(guard.verify(make({ alg: "RS256", kid: "same" }, shortRs256)), "signature");
  });

  for (const [name, odd] of Object.entries({
    "a point that is not on the curve": jwk(ec, { y: Buffer.alloc(32, 1).toString("base64url") }),
    "a short RSA key": jwk(shortRsa, {}),
    "a key of an unknown type": { kty: "XYZ" },
    "no members": {},
    "a shared secret": { kty: "oct", k: "AAAA" },
    "a private key": ec.privateKey.export({ format: "jwk" }),
  }))
    test(`${name}, does not keep the others from being used`, async () => {
      const { guard, make } = await worldWith([
        { kid: "odd", ...odd },
        jwk(ec, { kid: "ec" }),
        jwk(rsa, { kid: "rsa" }),
      ]);
      await guard.verify(make({ alg: "ES256", kid: "ec" }, es256));
      await guard.verify(make({ alg: "RS256" }, rs256));
      const failure = await guard.verify(make({ alg: "ES256", kid: "odd" }, rs256)).catch((error: unknown) => error);
      assert.equal(Object(failure).code, "TokenInvalid");
    });
});
