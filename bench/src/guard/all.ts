import { createGuard } from "@carnet/guard";
import { auth } from "express-oauth2-jwt-bearer";
import { createVerifier } from "fast-jwt";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { versionOf } from "../contenders/package-contender.ts";
import type { Verifier } from "./verifier.ts";

const carnet: Verifier = {
  title: "@carnet/guard",
  version: "this checkout",
  use: "`guard.verify` of Node's headers, with the revocation feed; the issuer answers over loopback",
  open({ issuer, audience }, cache) {
    const guard = createGuard({ issuer, audience, cache: { tokens: cache ? 10_000 : 0 } });
    return (token) => guard.verify({ headers: { authorization: `Bearer ${token}` } });
  },
};

const express: Verifier = {
  title: "express-oauth2-jwt-bearer",
  version: versionOf("express-oauth2-jwt-bearer"),
  use: "`auth` as a middleware, called without Express; no revocations",
  open({ issuer, audience }, cache) {
    if (cache) return undefined;
    const middleware = auth({ issuer, audience, jwksUri: `${issuer}/oauth2/jwks`, tokenSigningAlg: "ES256" });
    return (token) =>
      new Promise<void>((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}`, host: "api.bench.example" };
        const request = {
          headers,
          method: "GET",
          protocol: "https",
          originalUrl: "/",
          query: {},
          is: () => false,
          get: () => headers.host,
        };
        const next = (error?: unknown) => (error === undefined ? resolve() : reject(error));
        middleware(request as never, {} as never, next);
      });
  },
};

const jose: Verifier = {
  title: "jose",
  version: versionOf("jose"),
  use: "`jwtVerify` with `createLocalJWKSet`; no revocations",
  open({ issuer, audience, jwks }, cache) {
    if (cache) return undefined;
    const keys = createLocalJWKSet(jwks as unknown as JSONWebKeySet);
    return (token) => jwtVerify(token, keys, { issuer, audience, typ: "at+jwt", clockTolerance: 5 });
  },
};

const fastJwt: Verifier = {
  title: "fast-jwt",
  version: versionOf("fast-jwt"),
  use: "`createVerifier` with a fixed key, on the main thread; no key discovery, no revocations",
  open({ issuer, audience, pem }, cache) {
    const options = { allowedIss: issuer, allowedAud: audience, algorithms: ["ES256" as const], clockTolerance: 5000 };
    return createVerifier({ ...options, key: pem, cache });
  },
};

/** The measured verifiers, Carnet's first. */
export const verifiers: readonly Verifier[] = [carnet, express, jose, fastJwt];
