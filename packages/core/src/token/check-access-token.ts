import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { type ClientId, parseClientId, type SecretId } from "@carnet/protocol/ids";
import { err, ok, type Result } from "@carnet/protocol/result";
import { parseAddress } from "../client/cidr.ts";
import { type Client, type ClientIneligibility, ineligibility } from "../client/client.ts";
import type { ClientSecret } from "../client/client-secret.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { AccessTokenVerifier } from "./access-token-verifier.ts";

/** A token that is valid now, with the client and the secret that it was issued for. */
export interface LiveToken {
  readonly claims: AccessTokenClaims;
  readonly client: Client;
  readonly secret: ClientSecret;
}

/** Why a token is not valid now, and what it still proves. The rest is known only if the token is ours. */
export interface TokenFlaw {
  readonly reason: "token_invalid" | "client_replaced" | "secret_revoked" | ClientIneligibility;
  readonly clientId?: ClientId;
  readonly secretId?: SecretId;
  readonly jti?: string;
  readonly audience?: string;
}

export interface TokenCheckPorts {
  readonly verifier: AccessTokenVerifier;
  readonly store: Pick<ClientStore, "find">;
}

/**
 * Checks that an access token is ours and valid now: its client is the same registration and may act from this address,
 * and its secret is not revoked. Reads the client from the store each time, so a change takes effect at once, however
 * long the token lives. Does not check the audience or the scope.
 */
export async function checkAccessToken(
  token: string,
  { address, now }: { readonly address: string; readonly now: number },
  { verifier, store }: TokenCheckPorts,
): Promise<Result<LiveToken, TokenFlaw>> {
  const claims = await verifier.verify(token, now);
  const clientId = claims === undefined ? undefined : parseClientId(claims.client_id);
  if (claims === undefined || !clientId?.ok) return err({ reason: "token_invalid" });
  const flaw = (reason: TokenFlaw["reason"], secretId?: SecretId) =>
    err({ reason, clientId: clientId.value, jti: claims.jti, audience: claims.aud, ...(secretId && { secretId }) });

  const [clientHandle, secretHandle] = claims.rvk;
  const client = await store.find(clientId.value);
  if (client === undefined || client.handle !== clientHandle) return flaw("client_replaced");
  const secret = client.secrets.find(({ handle }) => handle === secretHandle);
  if (secret === undefined || secret.revokedAt !== null) return flaw("secret_revoked", secret?.secretId);
  const reason = ineligibility(client, now, parseAddress(address));
  return reason === undefined ? ok({ claims, client, secret }) : flaw(reason, secret.secretId);
}
