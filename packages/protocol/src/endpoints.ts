import type { ApiVersion } from "./versions.ts";

/** The token endpoint. Separate from `paths`, so that a bundle of the SDK does not carry the other paths. */
export const tokenPath = "/oauth2/token";

/** Where everything is served, relative to the issuer. */
export const paths = {
  token: tokenPath,
  deprecatedToken: "/iam/v1/oauth2/token",
  authorizationServerMetadata: "/.well-known/oauth-authorization-server",
  openidConfiguration: "/.well-known/openid-configuration",
  jwks: "/oauth2/jwks",
  introspect: "/oauth2/introspect",
  revoke: "/oauth2/revoke",
  revocations: "/oauth2/revocations",
  home: "/",
  openapi: "/openapi.json",
  docs: "/docs",
  live: "/health/live",
  ready: "/health/ready",
} as const;

/** The two paths of the token operation. */
export type TokenPath = typeof paths.token | typeof paths.deprecatedToken;

/** Every path at which a client authenticates itself. Not a list, which would keep `paths` in a bundle of the SDK. */
export type ClientPath = TokenPath | typeof paths.introspect | typeof paths.revoke;

/** The version of a path when the request names none. Literal keys let a bundler drop the table. */
export const versionOfPath: Readonly<Record<TokenPath, ApiVersion>> = {
  "/oauth2/token": "2026-01-01",
  "/iam/v1/oauth2/token": "2022-01-01",
};
