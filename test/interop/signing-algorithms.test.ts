// Every algorithm that the service can sign with, checked by libraries that are not ours.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { type SigningAlgorithmName, signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { ed25519 } from "@noble/curves/ed25519.js";
import { ml_dsa44, ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";
import { type Algorithm, createVerifier } from "fast-jwt";
import { createRemoteJWKSet, decodeProtectedHeader, type JWK, type JWTPayload, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import * as oauth from "oauth4webapi";
import { tokenOf } from "../support/admin-api.ts";
import { audienceOf, publicationTime, startWithAllAlgorithms } from "../support/signing-algorithms.ts";
import { query } from "../support/token-queries.ts";

/** A JWT of the service, and what is expected of it. */
interface Received {
  readonly token: string;
  readonly typ: string;
  readonly issuer: string;
  /** Empty if it has none. */
  readonly audience: string;
  readonly algorithm: SigningAlgorithmName;
  readonly now: number;
}

/** Another library, and the algorithms that it knows. */
interface Library {
  readonly algorithms: readonly SigningAlgorithmName[];
  /** Returns the claims. Rejects if the signature is wrong. */
  verify(received: Received): Promise<unknown>;
}

const ellipticAndRsa = ["ES256", "ES384", "RS256", "PS256"] as const;

const libraries: Readonly<Record<string, Library>> = {
  jose: {
    algorithms: signingAlgorithmNames,
    async verify({ token, typ, issuer, audience, algorithm, now }) {
      const keys = createRemoteJWKSet(new URL(`${issuer}/oauth2/jwks`));
      const expected = { issuer, typ, algorithms: [algorithm], currentDate: new Date(now) };
      return (await jwtVerify(token, keys, { ...expected, ...(audience && { audience }) })).payload;
    },
  },
  oauth4webapi: {
    algorithms: signingAlgorithmNames,
    async verify({ token, issuer, audience, algorithm }) {
      const insecure = { [oauth.allowInsecureRequests]: true }; // loopback has no TLS
      const answer = await oauth.discoveryRequest(new URL(issuer), { algorithm: "oauth2", ...insecure });
      const server = await oauth.processDiscoveryResponse(new URL(issuer), answer);
      const request = new Request(audience, { headers: { Authorization: `Bearer ${token}` } });
      return oauth.validateJwtAccessToken(server, request, audience, {
        ...{ ...insecure, signingAlgorithms: [algorithm] },
      });
    },
  },
  jsonwebtoken: {
    algorithms: ellipticAndRsa,
    async verify({ token, issuer, audience, algorithm, now }) {
      const key = createPublicKey({ key: await keyOf(issuer, token), format: "jwk" });
      const algorithms = [algorithm as jsonwebtoken.Algorithm];
      const expected = { issuer, algorithms, clockTimestamp: now / 1000 };
      return jsonwebtoken.verify(token, key, { ...expected, ...(audience && { audience }) });
    },
  },
  "fast-jwt": {
    algorithms: [...ellipticAndRsa, "EdDSA"],
    async verify({ token, issuer, audience, algorithm, now }) {
      const key = createPublicKey({ key: await keyOf(issuer, token), format: "jwk" });
      const pem = key.export({ format: "pem", type: "spki" });
      const algorithms = [algorithm as Algorithm];
      const expected = { allowedIss: issuer, algorithms, clockTimestamp: now };
      return createVerifier({ ...expected, key: pem, ...(audience && { allowedAud: audience }) })(token);
    },
  },
  noble: {
    algorithms: ["Ed25519", "EdDSA", "ML-DSA-44", "ML-DSA-65"],
    async verify({ token, issuer, algorithm }) {
      const { x, pub } = await keyOf(issuer, token);
      const [header = "", payload = "", signature = ""] = token.split(".");
      const key = Buffer.from(String(x ?? pub), "base64url");
      const check = { "ML-DSA-44": ml_dsa44, "ML-DSA-65": ml_dsa65 }[String(algorithm)] ?? ed25519;
      const isRight = check.verify(Buffer.from(signature, "base64url"), Buffer.from(`${header}.${payload}`), key);
      if (!isRight) throw new Error("the signature is wrong");
      return JSON.parse(Buffer.from(payload, "base64url").toString());
    },
  },
};

const publishedBy = async (issuer: string): Promise<{ keys: JWK[] }> =>
  Object(await (await fetch(`${issuer}/oauth2/jwks`)).json());

/** The published key that a token names. */
async function keyOf(issuer: string, token: string): Promise<JWK> {
  const { kid } = decodeProtectedHeader(token);
  const found = (await publishedBy(issuer)).keys.find((key) => key.kid === kid);
  assert.ok(found, `no published key ${kid}`);
  return found;
}

/** A token that says that it is of another client. The signature is the old one. */
function altered(token: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims: JWTPayload = JSON.parse(Buffer.from(payload, "base64url").toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, client_id: "other" })).toString("base64url");
  return [header, changed, signature].join(".");
}

/** The members of each published key besides `kid`, `alg` and `use`, whose values are not secret. */
const shapes: Readonly<Record<SigningAlgorithmName, object>> = {
  ES256: { kty: "EC", crv: "P-256", x: 32, y: 32 },
  ES384: { kty: "EC", crv: "P-384", x: 48, y: 48 },
  Ed25519: { kty: "OKP", crv: "Ed25519", x: 32 },
  EdDSA: { kty: "OKP", crv: "Ed25519", x: 32 },
  RS256: { kty: "RSA", n: 256, e: 3 },
  PS256: { kty: "RSA", n: 256, e: 3 },
  "ML-DSA-44": { kty: "AKP", pub: 1312 },
  "ML-DSA-65": { kty: "AKP", pub: 1952 },
};

suite("a service with an algorithm for each audience", () => {
  // The tokens are issued at the real time, because oauth4webapi knows no other
  const clock = new FixedClock(new Date(Date.now() - publicationTime).toISOString());
  let service: TestService;
  const received = new Map<SigningAlgorithmName, Received>();
  before(async () => {
    service = await startWithAllAlgorithms(clock);
    for (const algorithm of signingAlgorithmNames) {
      const audience = audienceOf(algorithm);
      const token = await tokenOf(service, await service.register({ audience, scope: "file:read" }));
      received.set(algorithm, { token, typ: "at+jwt", issuer: service.url, audience, algorithm, now: clock.now() });
    }
  });
  after(() => service[Symbol.asyncDispose]());

  const tokenFor = (algorithm: SigningAlgorithmName): Received => {
    const found = received.get(algorithm);
    assert.ok(found);
    return found;
  };

  test("has each algorithm checked by at least three libraries", () => {
    for (const algorithm of signingAlgorithmNames) {
      const knowing = Object.values(libraries).filter(({ algorithms }) => algorithms.includes(algorithm));
      assert.ok(knowing.length >= 3, algorithm);
    }
  });

  for (const [name, { algorithms, verify }] of Object.entries(libraries))
    for (const algorithm of algorithms)
      test(`${name} accepts a token that ${algorithm} signed, and no altered one`, async () => {
        const { token, audience } = tokenFor(algorithm);
        const claims = Object(await verify(tokenFor(algorithm)));
        assert.deepEqual([claims.iss, claims.aud, claims.scope], [service.url, audience, "file:read"]);
        await assert.rejects(async () => verify({ ...tokenFor(algorithm), token: altered(token) }));
      });

  for (const algorithm of signingAlgorithmNames)
    test(`publishes the key of ${algorithm} with its algorithm, and nothing private`, async () => {
      const { token } = tokenFor(algorithm);
      const { kid, alg, use, kty, crv, ...values } = await keyOf(service.url, token);
      assert.deepEqual(decodeProtectedHeader(token), { typ: "at+jwt", alg: algorithm, kid });
      assert.deepEqual({ alg, use }, { alg: algorithm, use: "sig" });
      const lengths = Object.entries(values).map(([member, value]) => [
        member,
        Buffer.from(String(value), "base64url").length,
      ]);
      assert.deepEqual({ kty, ...(crv && { crv }), ...Object.fromEntries(lengths) }, shapes[algorithm]);
    });

  test("names every algorithm in its metadata [RFC9701 §7]", async () => {
    const metadata = Object(await (await fetch(`${service.url}/.well-known/oauth-authorization-server`)).json());
    assert.deepEqual(metadata.introspection_signing_alg_values_supported.toSorted(), signingAlgorithmNames.toSorted());
  });
});

suite("a service whose default is", () => {
  for (const algorithm of signingAlgorithmNames)
    test(`${algorithm} signs introspection and the revocation feed with it`, async () => {
      const clock = new FixedClock("2026-11-21T12:00:00Z");
      await using service = await startTestService({ clock, settings: { signingAlgorithm: algorithm } });
      const app = await service.register({ scope: "file:read" });
      const client = await service.register({ client_id: "files", scope: "carnet:introspect" });
      const introspection = await query(service, {
        ...{ path: "/oauth2/introspect", client, parameters: { token: await tokenOf(service, app) } },
        headers: { Accept: "application/token-introspection+jwt" },
      });
      const feed = await (await fetch(`${service.url}/oauth2/revocations`)).text();
      const expected = { issuer: service.url, algorithm, now: clock.now() };
      const signed = [
        { ...expected, token: introspection.text, typ: "token-introspection+jwt", audience: "files" },
        { ...expected, token: feed, typ: "revocations+jwt", audience: "" },
      ];
      const { oauth4webapi: _onlyAccessTokens, ...others } = libraries;
      for (const { algorithms, verify } of Object.values(others))
        if (algorithms.includes(algorithm)) for (const one of signed) await verify(one);
    });
});
