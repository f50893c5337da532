import type { AdminCaller } from "@carnet/core/admin/admin-caller";
import type { Actor, RecordedRole } from "@carnet/core/audit/event";
import type { Clock } from "@carnet/core/ports";
import {
  type CheckedRequest,
  checkAccessToken,
  type TokenCheckPorts,
  type TokenFlaw,
} from "@carnet/core/token/check-access-token";
import { type AdminScope, adminAudience, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { scopesOfRole } from "@carnet/protocol/admin/roles";
import { parseBearerToken } from "@carnet/protocol/bearer-token";
import { err, ok, type Result } from "@carnet/protocol/result";

export type ProvenCaller = Extract<Actor, { type: "client" }>;

/** Why a call is refused: the problem and the challenge of RFC 6750 §3. */
export interface Denial {
  readonly kind: "unauthorized" | "insufficient_scope";
  readonly detail: string;
  readonly challenge: string;
  /** The true reason, for the event. */
  readonly evidence: string;
  /** Who the token was issued to, if it is a token of this service. */
  readonly caller?: ProvenCaller;
  /** Its role. Not set: it has none, or the token is not valid now. */
  readonly role?: RecordedRole;
  /** Whether the token was issued for the admin API. */
  readonly isAdmin: boolean;
}

export interface GuardPorts extends TokenCheckPorts {
  readonly issuer: string;
  readonly clock: Clock;
}

export type Guard = (
  authorization: string | undefined,
  needed: { readonly scope: AdminScope | null; readonly self?: string | undefined },
  from: Omit<CheckedRequest, "now">,
) => Promise<Result<Admitted, Denial>>;

/** A caller that the guard admits: for the event, and for the decision what it may do. */
export interface Admitted {
  readonly actor: ProvenCaller;
  readonly caller: AdminCaller;
}

/**
 * Admits tokens of this server that are valid now, are for the admin API and have the scope (null: any of its scopes),
 * while their client is registered for that audience and scope. Does not ask for a scope that the client's role cannot
 * have: then the role decides, and its refusal says whom to ask. If the client is `self`, a token with every scope of its
 * client is enough. Accepts tokens in the `Authorization` header only (RFC 6750 §2.1).
 */
export function createGuard({ issuer, clock, ...ports }: GuardPorts): Guard {
  const audience = adminAudience(issuer);
  return async (authorization, { scope, self }, from) => {
    const token = parseBearerToken(authorization ?? "");
    if (token === undefined) return err(noToken);
    const checked = await checkAccessToken(token, { ...from, now: clock.now() }, ports);
    if (!checked.ok) return err(flawed(checked.error, audience));
    const { claims, client, secret } = checked.value;
    const caller = { type: "client", clientId: client.clientId, secretId: secret.secretId, jti: claims.jti } as const;
    const isAdmin = claims.aud === audience;
    const { clientId, role, roleOwners: owners } = client;
    if (!isAdmin || role === null) return err({ ...invalidToken, evidence: notForAdmin, caller, isAdmin });
    const granted = claims.scope.split(" ").filter((name) => client.scopes.includes(name));
    const accepted: readonly AdminScope[] = scope === null ? Object.values(adminScopes) : [scope];
    const isOfRole = accepted.some((name) => scopesOfRole[role].includes(name));
    // A token with fewer scopes than its client must not get a secret that has them all
    const isExcepted = self === clientId ? client.scopes.every((name) => granted.includes(name)) : !isOfRole;
    if (isExcepted || accepted.some((name) => granted.includes(name)))
      return ok({ actor: caller, caller: { clientId, role, owners } });
    const detail = `the token lacks the scope ${accepted.join(" or ")}`;
    return err({
      kind: "insufficient_scope",
      detail,
      challenge: `Bearer realm="carnet", error="insufficient_scope", scope="${accepted.join(" ")}"`, // RFC 6750 §3.1
      evidence: detail,
      caller,
      role: { name: role, owners },
      isAdmin,
    });
  };
}

const noToken: Denial = {
  kind: "unauthorized",
  detail:
    "an admin token is required: request one with the scope of this operation, and send it as Authorization: Bearer",
  challenge: 'Bearer realm="carnet"',
  evidence: "the call has no token",
  isAdmin: false,
};

const invalidToken = {
  kind: "unauthorized",
  detail:
    "the token is not valid for this API: it must be issued by this server for its admin API and not expired, its client must be active, have a role and be allowed to call from this address, and its secret must not be revoked",
  challenge: 'Bearer realm="carnet", error="invalid_token"',
} as const;

const flawed = ({ reason, clientId, secretId, jti, audience }: TokenFlaw, adminAudience: string): Denial => ({
  ...invalidToken,
  evidence: evidenceOf[reason],
  isAdmin: audience === adminAudience,
  ...(clientId && { caller: { type: "client", clientId, secretId: secretId ?? null, jti: jti ?? null } }),
});

const notForAdmin = "the token is not for the admin API, or its client has no role";

const evidenceOf: Readonly<Record<TokenFlaw["reason"], string>> = {
  token_invalid: "the token is not a token of this service that is valid now",
  token_revoked: "the token was revoked",
  client_replaced: "all tokens of the client were revoked, or the client was deleted",
  client_disabled: "the client of the token is disabled",
  client_expired: "the client of the token has expired",
  address_not_allowed: "the address is not in the client's ip_allowlist",
  secret_revoked: "the secret of the token was revoked",
};
