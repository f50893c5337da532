import type { Client } from "@carnet/core/client/client";
import type { Clock } from "@carnet/core/ports";
import { checkAccessToken, type TokenCheckPorts } from "@carnet/core/token/check-access-token";
import { type AdminScope, adminAudience, adminAudienceName } from "@carnet/protocol/admin/admin-scopes";
import { parseBearerToken } from "@carnet/protocol/bearer-token";
import { err, ok, type Result } from "@carnet/protocol/result";

/** Why a call is refused: the problem and the challenge of RFC 6750 §3. */
export interface Denial {
  readonly kind: "unauthorized" | "insufficient_scope";
  readonly detail: string;
  readonly challenge: string;
}

export interface GuardPorts extends TokenCheckPorts {
  readonly issuer: string;
  readonly clock: Clock;
}

export type Guard = (
  authorization: string | undefined,
  scope: AdminScope,
  address: string,
) => Promise<Result<{ clientId: string }, Denial>>;

/**
 * Admits tokens of this server that are valid now, are for the admin API and have the scope, while their client is
 * registered for that audience and scope. Accepts tokens in the `Authorization` header only (RFC 6750 §2.1).
 */
export function createGuard({ issuer, clock, ...ports }: GuardPorts): Guard {
  const audience = adminAudience(issuer);
  return async (authorization, scope, address) => {
    const token = parseBearerToken(authorization ?? "");
    if (token === undefined)
      return denied(
        "an admin token is required: request one with the scope of this operation, and send it as Authorization: Bearer",
        'Bearer realm="carnet"',
      );
    const checked = await checkAccessToken(token, { address, now: clock.now() }, ports);
    if (!checked.ok) return invalidToken;
    const { claims, client } = checked.value;
    if (claims.aud !== audience || !isForAdmin(client)) return invalidToken;
    if (claims.scope.split(" ").includes(scope) && client.scopes.includes(scope))
      return ok({ clientId: client.clientId });
    return err({
      kind: "insufficient_scope",
      detail: `the token lacks the scope ${scope}`,
      challenge: `Bearer realm="carnet", error="insufficient_scope", scope="${scope}"`, // RFC 6750 §3.1
    });
  };

  function isForAdmin(client: Client): boolean {
    return client.audience === adminAudienceName || client.audience === audience;
  }
}

const denied = (detail: string, challenge: string): Result<never, Denial> =>
  err({ kind: "unauthorized", detail, challenge });

const invalidToken = denied(
  "the token is not valid for this API: it must be issued by this server for its admin API and not expired, its client must be active, registered for that audience and allowed to call from this address, and its secret must not be revoked",
  'Bearer realm="carnet", error="invalid_token"',
);
