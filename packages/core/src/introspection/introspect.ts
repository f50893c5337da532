import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { introspectionScopes } from "@carnet/protocol/admin/admin-scopes";
import type { IntrospectionResponse } from "@carnet/protocol/introspection-response";
import type { Redacted } from "@carnet/protocol/redacted";
import type { Client } from "../client/client.ts";
import type { TokenClient } from "../client/token-client.ts";
import { findClientOf, type TokenCheckPorts, verifyAccessToken } from "../token/check-access-token.ts";
import { audienceOf, type TokenPolicy } from "../token/mint.ts";

export interface IntrospectPorts extends TokenCheckPorts {
  readonly policy: TokenPolicy;
}

/**
 * What a client is told about a token. Active: this service signed it, it has not expired, no revocation matches it, and
 * its client exists, is not disabled and has not expired. Does not check the address or the secret of the token's client.
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-4
 */
export async function introspect(
  token: Redacted<string>,
  { caller, now }: { readonly caller: TokenClient; readonly now: number },
  ports: IntrospectPorts,
): Promise<IntrospectionResponse> {
  const verified = await verifyAccessToken(token.reveal(), now, ports);
  // Before the store is read, so that the time tells a caller nothing about a token that it may not know about
  if (verified === undefined || !mayKnow(caller, verified.claims, ports.policy)) return { active: false };
  const { client, flaw } = await findClientOf(verified, now, ports);
  if (flaw !== undefined || client?.status !== "active") return { active: false };
  if (client.expiresAt !== null && client.expiresAt <= now) return { active: false }; // its end was moved
  return activeToken(verified.claims, client);
}

/** Whether a client may know about a token: about any, or about those that are for the same audience as its own. */
const mayKnow = (caller: TokenClient, { aud }: AccessTokenClaims, policy: TokenPolicy): boolean =>
  caller.scopes.includes(introspectionScopes.all) ||
  (caller.scopes.includes(introspectionScopes.own) && aud === audienceOf(caller, policy));

function activeToken(claims: AccessTokenClaims, { username }: Client): IntrospectionResponse {
  const { iss, sub, aud, client_id, scope, exp, iat, jti, arid, rvk: _rvk, ...staticClaims } = claims;
  return {
    ...staticClaims, // RFC 7662 §2.2: an answer can have more members. First, so that the next ones win
    ...{ active: true, iss, sub, aud, client_id, scope, exp, iat, jti, token_type: "Bearer" },
    ...(username === null ? {} : { username }),
    ...(arid === undefined ? {} : { arid }),
  };
}
