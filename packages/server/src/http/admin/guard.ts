import { parseAddress } from "@carnet/core/client/cidr";
import { type Client, ineligibility } from "@carnet/core/client/client";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { Clock } from "@carnet/core/ports";
import { accessTokenType } from "@carnet/protocol/access-token-claims";
import { type AdminScope, adminAudience, adminAudienceName } from "@carnet/protocol/admin/admin-scopes";
import { parseClientId } from "@carnet/protocol/ids";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { JWTPayload } from "jose";
import { jwtVerify } from "jose/jwt/verify";
import type { VerificationKeys } from "../../crypto/key-ring.ts";

/** Why a call is refused: the problem and the challenge of RFC 6750 §3. */
export interface Denial {
  readonly kind: "unauthorized" | "insufficient_scope";
  readonly detail: string;
  readonly challenge: string;
}

export interface GuardPorts {
  readonly issuer: string;
  readonly keys: VerificationKeys;
  readonly clock: Clock;
  readonly store: Pick<ClientStore, "find">;
}

export type Guard = (
  authorization: string | undefined,
  scope: AdminScope,
  address: string,
) => Promise<Result<{ clientId: string }, Denial>>;

/**
 * Admits tokens of this server for the admin API that have the scope, while their client is active, registered for that
 * audience and scope and allowed to call from there, and their secret is not revoked. The client is read from the store
 * on each call, so a change takes effect at once, however long the token lives. Accepts tokens in the `Authorization`
 * header only (RFC 6750 §2.1).
 */
export function createGuard({ issuer, keys, clock, store }: GuardPorts): Guard {
  const audience = adminAudience(issuer);
  return async (authorization, scope, address) => {
    const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined)
      return denied(
        "an admin token is required: request one with the scope of this operation, and send it as Authorization: Bearer",
        'Bearer realm="carnet"',
      );
    const options = {
      issuer,
      audience,
      typ: accessTokenType,
      currentDate: new Date(clock.now()),
      requiredClaims: ["exp", "iat", "client_id"],
    };
    const verified = await jwtVerify(token, keys.find, options).catch(() => undefined);
    const claims = verified?.payload;
    const clientId = typeof claims?.["client_id"] === "string" ? parseClientId(claims["client_id"]) : undefined;
    if (claims === undefined || !clientId?.ok) return invalidToken;
    const client = await store.find(clientId.value);
    if (client === undefined || !isStillValid(client, claims) || !mayCall(client, address)) return invalidToken;
    const scopes = typeof claims["scope"] === "string" ? claims["scope"].split(" ") : [];
    if (scopes.includes(scope) && client.scopes.includes(scope)) return ok({ clientId: clientId.value });
    return err({
      kind: "insufficient_scope",
      detail: `the token lacks the scope ${scope}`,
      challenge: `Bearer realm="carnet", error="insufficient_scope", scope="${scope}"`, // RFC 6750 §3.1
    });
  };

  function mayCall(client: Client, address: string): boolean {
    const isForAdmin = client.audience === adminAudienceName || client.audience === audience;
    return isForAdmin && ineligibility(client, clock.now(), parseAddress(address)) === undefined;
  }
}

/** Whether the token's client is the same registration, and its secret still exists and is not revoked. */
function isStillValid(client: Client, { rvk }: JWTPayload): boolean {
  const [clientHandle, secretHandle] = Array.isArray(rvk) ? rvk : [];
  const secret = client.secrets.find(({ handle }) => handle === secretHandle);
  return client.handle === clientHandle && secret !== undefined && secret.revokedAt === null;
}

const denied = (detail: string, challenge: string): Result<never, Denial> =>
  err({ kind: "unauthorized", detail, challenge });

const invalidToken = denied(
  "the token is not valid for this API: it must be issued by this server for its admin API and not expired, its client must be active, registered for that audience and allowed to call from this address, and its secret must not be revoked",
  'Bearer realm="carnet", error="invalid_token"',
);
