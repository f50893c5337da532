import type { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import { type SecretState, secretStateAt } from "../client/client-secret.ts";
import type { SecretUses } from "../client/secret-uses.ts";
import type { Refusal } from "../refusal.ts";
import { checkAccessToken, type LiveToken, type TokenCheckPorts, type TokenFlaw } from "./check-access-token.ts";
import { emptyBody } from "./parse-token-request.ts";
import { factsOfHolder } from "./refusal-facts.ts";
import type { GrantedToken } from "./render.ts";

export interface TokenReturnPorts extends TokenCheckPorts {
  readonly uses: SecretUses;
}

/**
 * Returns a token to its holder with the seconds that it has left, if its secret could still get one. The Python SDK
 * asks for this when it is called without arguments. Signs nothing and extends nothing, so a stolen token gains nothing.
 * Refuses as any empty request is refused; the true reason is for the log.
 */
export async function returnToken(
  token: Redacted<string>,
  from: { readonly address: string; readonly now: number },
  ports: TokenReturnPorts,
): Promise<Result<GrantedToken & LiveToken, Refusal>> {
  const checked = await checkAccessToken(token.reveal(), from, ports);
  if (!checked.ok) return refuse(checked.error);
  const { claims, client, secret } = checked.value;
  const lastUse = ports.uses.lastOf(secret);
  const state = secretStateAt(secret, from.now, lastUse);
  if (state !== "active") {
    const proof = { clientId: client.clientId, secretId: secret.secretId, jti: claims.jti };
    const reason = `secret_${state}` as const;
    return refuse({ ...proof, reason, facts: factsOfHolder(reason, { client, secret }, lastUse) });
  }
  const expiresIn = claims.exp - Math.floor(from.now / 1000);
  return ok({ ...checked.value, accessToken: token, expiresIn, scope: claims.scope });
}

type Flaw = Omit<TokenFlaw, "reason"> & {
  readonly reason: TokenFlaw["reason"] | `secret_${Exclude<SecretState, "active">}`;
};

const refuse = (flaw: Flaw): Result<never, Refusal> => err({ ...emptyBody, detail: details[flaw.reason], ...flaw });

const details: Readonly<Record<Flaw["reason"], string>> = {
  token_invalid: "the body is empty, and the Bearer token is not a token of this service that is valid now",
  token_revoked: "the Bearer token is right, but it was revoked",
  client_replaced: "the Bearer token is right, but all tokens of its client were revoked, or the client was deleted",
  client_disabled: "the Bearer token is right, but its client is disabled",
  client_expired: "the Bearer token is right, but its client has expired",
  address_not_allowed: "the Bearer token is right, but the address is not in the client's ip_allowlist",
  secret_revoked: "the Bearer token is right, but its secret was revoked",
  secret_expired: "the Bearer token is right, but its secret has expired",
  secret_idle: "the Bearer token is right, but its secret has ended: it was idle for longer than its rotation allows",
  secret_pending: "the Bearer token is right, but its secret is not valid yet",
  secret_unsupported: "the Bearer token is right, but its secret was stored under a slow hash: rotate it",
};
