import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServingCarnet } from "@carnet/testkit/serve-carnet";
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { issuer } from "./nodes.ts";

export const audience = "https://api.example";

export interface DefaultVerifier extends AsyncDisposable {
  /** Rejects if a token is refused. */
  verify(token: string): Promise<void>;
}

/** APIs that verify tokens with `jose` and with `express-oauth2-jwt-bearer`, with their default caches and the keys of one node. */
export async function startVerifiers({ url }: ServingCarnet): Promise<DefaultVerifier> {
  const jwksUri = `${url}/oauth2/jwks`;
  const keys = createRemoteJWKSet(new URL(jwksUri));
  const api = express().set("env", "test"); // does not print the errors of its responses
  api.use(auth({ issuer, jwksUri, audience, tokenSigningAlg: "ES256", strict: true }));
  api.get("/files", (_request, response) => void response.json({}));
  const server: Server = api.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    async verify(token) {
      await jwtVerify(token, keys, { issuer, audience });
      const answer = await fetch(`http://127.0.0.1:${port}/files`, { headers: { authorization: `Bearer ${token}` } });
      await answer.body?.cancel();
      assert.equal(answer.status, 200, `express: ${answer.headers.get("www-authenticate")}`);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
