import { hindranceOf } from "@carnet/core/client/client";
import type { ClientDirectory } from "@carnet/core/client/client-directory";
import type { TokenClient } from "@carnet/core/client/token-client";
import type { Clock } from "@carnet/core/ports";
import { accessTokenType } from "@carnet/protocol/access-token-claims";
import { type AdminScope, adminAudience, adminAudienceName } from "@carnet/protocol/admin/admin-scopes";
import { parseAddress } from "@carnet/protocol/cidr";
import { parseClientId } from "@carnet/protocol/ids";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { JWK, JWTPayload } from "jose";
import { createLocalJWKSet } from "jose/jwks/local";
import { jwtVerify } from "jose/jwt/verify";

/** Why a call may not go on: the problem and the challenge of RFC 6750 §3. */
export interface Denial {
  readonly kind: "unauthorized" | "insufficient_scope";
  readonly detail: string;
  readonly challenge: string;
}

export interface GuardPorts {
  readonly issuer: string;
  readonly publicKeys: readonly JWK[];
  readonly clock: Clock;
  readonly directory: ClientDirectory;
}

export type Guard = (
  authorization: string | undefined,
  scope: AdminScope,
  address: string,
) => Promise<Result<{ clientId: string }, Denial>>;

/**
 * Lets in who brings a token of this very server, made out for the admin API, with the scope, of a client that is still
 * active, registered for both and allowed to call from there: what was taken back counts at once, however long the token
 * is good for. Takes tokens from the `Authorization` header only (RFC 6750 §2.1).
 */
export function createGuard({ issuer, publicKeys, clock, directory }: GuardPorts): Guard {
  const keys = createLocalJWKSet({ keys: [...publicKeys] });
  const audience = adminAudience(issuer);
  return async (authorization, scope, address) => {
    const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined)
      return denied(
        "an admin token is needed: get one for the scope that the operation names, and send it as Bearer",
        'Bearer realm="carnet"',
      );
    const options = {
      issuer,
      audience,
      typ: accessTokenType,
      currentDate: new Date(clock.now()),
      requiredClaims: ["exp", "iat", "client_id"],
    };
    const verified = await jwtVerify(token, keys, options).catch(() => undefined);
    const claims = verified?.payload;
    const clientId = typeof claims?.["client_id"] === "string" ? parseClientId(claims["client_id"]) : undefined;
    if (claims === undefined || !clientId?.ok) return invalidToken;
    const client = await find(clientId.value);
    if (client === undefined || !mayCall(client, claims, address)) return invalidToken;
    const scopes = typeof claims["scope"] === "string" ? claims["scope"].split(" ") : [];
    if (scopes.includes(scope) && client.scopes.includes(scope)) return ok({ clientId: clientId.value });
    return err({
      kind: "insufficient_scope",
      detail: `the token lacks the scope ${scope}`,
      challenge: `Bearer realm="carnet", error="insufficient_scope", scope="${scope}"`, // RFC 6750 §3.1
    });
  };

  async function find(clientId: Parameters<typeof directory.read>[0]): Promise<TokenClient | undefined> {
    const inMemory = directory.peek(clientId);
    if (inMemory !== undefined) return inMemory;
    const lookup = await directory.read(clientId);
    return lookup.known ? lookup.client : undefined;
  }

  function mayCall(client: TokenClient, { iat = 0 }: JWTPayload, address: string): boolean {
    const isActive = hindranceOf(client, clock.now(), parseAddress(address)) === undefined;
    const isForAdmin = client.audience === adminAudienceName || client.audience === audience;
    // A token of who had the id before is none of this client's
    return isActive && isForAdmin && iat >= Math.floor(client.createdAt / 1000);
  }
}

const denied = (detail: string, challenge: string): Result<never, Denial> =>
  err({ kind: "unauthorized", detail, challenge });

const invalidToken = denied(
  "the token is not valid here: it must be of this server, for the audience of its admin API, not expired, and of a client that is active, registered for that audience and may call from here",
  'Bearer realm="carnet", error="invalid_token"',
);
