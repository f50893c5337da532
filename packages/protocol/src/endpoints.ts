import type { ApiVersion } from "./versions.ts";

/** Where everything is served, relative to the issuer. */
export const paths = {
  token: "/oauth2/token",
  deprecatedToken: "/iam/v1/oauth2/token",
  authorizationServerMetadata: "/.well-known/oauth-authorization-server",
  openidConfiguration: "/.well-known/openid-configuration",
  jwks: "/oauth2/jwks",
  openapi: "/openapi.json",
  docs: "/docs",
  live: "/health/live",
  ready: "/health/ready",
} as const;

/** The two paths of the token operation. */
export type TokenPath = typeof paths.token | typeof paths.deprecatedToken;

/** The version that a path stands for where the request names none. */
export const versionOfPath: Readonly<Record<TokenPath, ApiVersion>> = {
  [paths.token]: "2026-01-01",
  [paths.deprecatedToken]: "2022-01-01",
};
