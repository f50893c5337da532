import type { Client } from "./client.ts";
import type { ClientSecret } from "./client-secret.ts";

/** What a token request, and a call with the token, has to know of a client. A client is one; in memory there is no more of it than this. */
export type TokenClient = Pick<
  Client,
  | "clientId"
  | "workspace"
  | "scopes"
  | "scopePolicy"
  | "status"
  | "expiresAt"
  | "ipAllowlist"
  | "tokenEndpointAuthMethod"
  | "accessTokenTtl"
  | "audience"
  | "createdAt"
> & { readonly secrets: readonly TokenSecret[] };

/** What a token request has to know of a secret. */
export type TokenSecret = Pick<
  ClientSecret,
  "secretId" | "kind" | "digest" | "salt" | "notBefore" | "expiresAt" | "idle" | "revokedAt"
> & {
  /** Only where the secret ends once it is idle, which is what it tells. */
  readonly lastUse: { readonly at: number } | null;
};
