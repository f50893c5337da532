import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import express from "express";
import { type AuthOptions, auth, requiredScopes } from "express-oauth2-jwt-bearer";
import { alterations } from "../support/altered-tokens.ts";
import { fetchToken } from "../support/fetch-token.ts";
import { publishedKey } from "../support/published-key.ts";

const audience = "https://api.example.test";
const ways = {
  "the issuer's metadata": (issuer: string): AuthOptions => ({ issuerBaseURL: issuer }),
  "the URL of the keys": (issuer: string): AuthOptions => ({ issuer, jwksUri: `${issuer}/oauth2/jwks` }),
} as const;

describe("express-oauth2-jwt-bearer", () => {
  let service: TestService;
  const servers: Server[] = [];
  before(async () => {
    service = await startTestService({ settings: { audience } });
  });
  after(async () => {
    for (const server of servers) server.close();
    await service[Symbol.asyncDispose]();
  });

  /** Starts an Express API that accepts tokens of this service. Returns a function that calls it with a token. */
  async function protectApi(options: AuthOptions): Promise<(token: string) => Promise<Response>> {
    const api = express().set("env", "test"); // does not print the errors of its responses
    api.use(auth({ audience, tokenSigningAlg: "ES256", strict: true, ...options }));
    api.get("/files", requiredScopes("file:read"), (request, response) => void response.json(request.auth?.payload));
    const server = api.listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return (token) => fetch(`http://127.0.0.1:${port}/files`, { headers: { Authorization: `Bearer ${token}` } });
  }

  async function assertRefused(answer: Response, expected: { status: number; error: string }): Promise<void> {
    assert.equal(answer.status, expected.status);
    assert.match(answer.headers.get("www-authenticate") ?? "", new RegExp(`error="${expected.error}"`));
  }

  for (const [name, way] of Object.entries(ways)) {
    it(`accepts a token with ${name}`, async () => {
      const { clientId, token } = await fetchToken(service, "file:read file:write");
      const answer = await (await protectApi(way(service.url)))(token);
      assert.equal(answer.status, 200);
      const claims = Object(await answer.json());
      assert.equal(claims.sub, clientId);
      assert.equal(claims.scope, "file:read file:write");
    });

    it(`refuses a token for another audience with ${name}`, async () => {
      const { token } = await fetchToken(service, "file:read");
      const call = await protectApi({ ...way(service.url), audience: "https://other.example.test" });
      await assertRefused(await call(token), { status: 401, error: "invalid_token" });
    });

    it(`refuses an expired token with ${name}`, async () => {
      await using past = await startTestService({
        clock: new FixedClock("2020-01-01T00:00:00Z"),
        settings: { audience },
      });
      const { token } = await fetchToken(past, "file:read");
      const call = await protectApi(way(past.url));
      await assertRefused(await call(token), { status: 401, error: "invalid_token" });
    });

    for (const [alteration, alter] of Object.entries(alterations)) {
      it(`refuses a token with ${alteration}, with ${name}`, async () => {
        const { token } = await fetchToken(service, "file:read");
        const publicKey = await publishedKey(service);
        const call = await protectApi(way(service.url));
        await assertRefused(await call(alter({ token, publicKey })), { status: 401, error: "invalid_token" });
      });
    }
  }

  it("refuses a token of another issuer with the same audience", async () => {
    await using other = await startTestService({ settings: { audience } });
    const { token } = await fetchToken(other, "file:read");
    const call = await protectApi({ issuerBaseURL: service.url });
    await assertRefused(await call(token), { status: 401, error: "invalid_token" });
  });

  it("refuses a token without the scope that the API requires [RFC6750 §3.1]", async () => {
    const { token } = await fetchToken(service, "file:write");
    const call = await protectApi({ issuerBaseURL: service.url });
    await assertRefused(await call(token), { status: 403, error: "insufficient_scope" });
  });
});
