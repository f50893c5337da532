import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { parseClientId } from "@carnet/protocol/ids";
import { err, ok, type Result } from "@carnet/protocol/result";
import { parseAddress } from "../client/cidr.ts";
import { type Client, type ClientIneligibility, ineligibility } from "../client/client.ts";
import type { ClientSecret } from "../client/client-secret.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { Refusal } from "../refusal.ts";
import type { RevocationStore } from "../revocation/revocation-store.ts";
import type { AccessTokenVerifier } from "./access-token-verifier.ts";
import { factsOfHolder } from "./refusal-facts.ts";

/** A token that is valid now, with the client and the secret that it was issued for. */
export interface LiveToken {
  readonly claims: AccessTokenClaims;
  readonly client: Client;
  readonly secret: ClientSecret;
}

/** Why a token is not valid now, and what it still proves. The rest is known only if the token is ours. */
export interface TokenFlaw extends Pick<Refusal, "clientId" | "secretId" | "jti" | "facts"> {
  readonly reason: "token_invalid" | "token_revoked" | "client_replaced" | "secret_revoked" | ClientIneligibility;
  readonly audience?: string;
}

export interface TokenCheckPorts {
  readonly verifier: AccessTokenVerifier;
  readonly store: Pick<ClientStore, "find">;
  readonly revocations: Pick<RevocationStore, "find">;
}

export interface CheckedRequest {
  readonly address: string;
  readonly now: number;
  /** When the token must be unexpired, if not now: a long answer can go on after its token has expired. */
  readonly tokenTime?: number;
}

/**
 * Checks that an access token is ours and valid now: its client is the same registration and may act from this address,
 * its secret is not revoked, and no revocation matches it. Reads these from the store each time, so a change takes effect at once, however
 * long the token lives. Does not check the audience or the scope.
 */
export async function checkAccessToken(
  token: string,
  { address, now, tokenTime = now }: CheckedRequest,
  { verifier, store, revocations }: TokenCheckPorts,
): Promise<Result<LiveToken, TokenFlaw>> {
  const verified = await verifier.verify(token, tokenTime);
  const clientId = verified === undefined ? undefined : parseClientId(verified.claims.client_id);
  if (verified === undefined || !clientId?.ok) return err({ reason: "token_invalid" });
  const { claims } = verified;
  const proof = { clientId: clientId.value, jti: claims.jti, audience: claims.aud };

  const [clientHandle, secretHandle] = claims.rvk;
  const client = await store.find(clientId.value);
  const secret = client?.secrets.find(({ handle }) => handle === secretHandle);
  if (client === undefined || client.handle !== clientHandle) {
    // The secret proves that it is still the same registration: disabling it gave it another handle
    if (client?.status !== "disabled" || secret === undefined) return err({ ...proof, reason: "client_replaced" });
    return err({ ...proof, reason: "client_disabled", secretId: secret.secretId });
  }
  if ((await revocations.find(verified, now)) !== undefined)
    return err({ ...proof, reason: "token_revoked", ...(secret && { secretId: secret.secretId }) });
  if (secret === undefined) return err({ ...proof, reason: "secret_revoked" });
  const reason = secret.revokedAt === null ? ineligibility(client, now, parseAddress(address)) : "secret_revoked";
  if (reason === undefined) return ok({ claims, client, secret });
  return err({ ...proof, reason, secretId: secret.secretId, facts: factsOfHolder(reason, { client, secret }, null) });
}
