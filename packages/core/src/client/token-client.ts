import type { Client } from "./client.ts";
import type { ClientSecret } from "./client-secret.ts";

/** The part of a client that a token request needs. Only this part is cached in memory. */
export type TokenClient = Pick<
  Client,
  | "clientId"
  | "handle"
  | "workspace"
  | "scopes"
  | "scopePolicy"
  | "status"
  | "expiresAt"
  | "ipAllowlist"
  | "tokenEndpointAuthMethod"
  | "accessTokenTtl"
  | "audience"
  | "claims"
>;

/** The part of a secret that a token request needs. */
export type TokenSecret = Pick<
  ClientSecret,
  "secretId" | "handle" | "notBefore" | "expiresAt" | "idle" | "revokedAt"
> & {
  /** Needed only for a secret with an idle end; may be null for others. */
  readonly lastUse: { readonly at: number } | null;
};

/** A secret that was found by its digest, with its client. Either may be unusable now. */
export interface ProvenSecret {
  readonly client: TokenClient;
  readonly secret: TokenSecret;
}
