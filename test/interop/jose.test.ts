import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { createRemoteJWKSet, errors, type JWTVerifyOptions, jwtVerify } from "jose";
import { alterations } from "../support/altered-tokens.ts";
import { fetchToken } from "../support/fetch-token.ts";
import { publishedKey } from "../support/published-key.ts";

const audience = "https://api.example.test";
const scope = "file:read file:write";

describe("jose", () => {
  let service: TestService;
  let keys: ReturnType<typeof createRemoteJWKSet>;
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  before(async () => {
    service = await startTestService({ clock, settings: { audience } });
    keys = createRemoteJWKSet(new URL(`${service.url}/oauth2/jwks`));
  });
  after(() => service[Symbol.asyncDispose]());

  const verify = (token: string, expecting: JWTVerifyOptions = {}) =>
    jwtVerify(token, keys, {
      ...{ issuer: service.url, audience, typ: "at+jwt", algorithms: ["ES256"] },
      currentDate: new Date(clock.now()),
      ...expecting,
    });

  it("verifies an access token against the published keys [RFC9068 §4]", async () => {
    const { clientId, token } = await fetchToken(service, scope);
    const { payload, protectedHeader } = await verify(token);
    assert.deepEqual(Object.keys(protectedHeader).sort(), ["alg", "kid", "typ"]);
    const issuedAt = clock.now() / 1000;
    const { jti, rvk, ...claims } = payload;
    assert.deepEqual(claims, {
      iss: service.url,
      aud: audience,
      sub: clientId,
      client_id: clientId,
      scope,
      iat: issuedAt,
      exp: issuedAt + 600,
    });
    assert.match(String(jti), /^[0-9a-f-]{36}$/);
    assert.match(String(rvk), /^[\w-]{11},[\w-]{11}$/);
  });

  const otherExpectations: Readonly<Record<string, JWTVerifyOptions>> = {
    aud: { audience: "https://other.example.test" },
    iss: { issuer: "https://other.example.test" },
    typ: { typ: "JWT" },
  };
  for (const [claim, expecting] of Object.entries(otherExpectations)) {
    it(`refuses a token with an unexpected ${claim}`, async () => {
      const { token } = await fetchToken(service, scope);
      await assert.rejects(verify(token, expecting), (error) => {
        assert.ok(error instanceof errors.JWTClaimValidationFailed);
        assert.equal(error.claim, claim);
        return true;
      });
    });
  }

  it("accepts a token until it expires [RFC7519 §4.1.4]", async () => {
    const { token } = await fetchToken(service, scope);
    const at = (seconds: number) => verify(token, { currentDate: new Date(clock.now() + seconds * 1000) });
    await at(599);
    await assert.rejects(at(600), errors.JWTExpired);
  });

  for (const [name, alter] of Object.entries(alterations)) {
    it(`refuses a token with ${name}`, async () => {
      const { token } = await fetchToken(service, scope);
      const publicKey = await publishedKey(service);
      await verify(token);
      await assert.rejects(verify(alter({ token, publicKey })), errors.JOSEError);
    });
  }
});
