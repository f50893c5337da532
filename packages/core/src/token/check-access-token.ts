import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import { err, ok, type Result } from "@carnet/protocol/result";
import { parseAddress } from "../client/cidr.ts";
import { type Client, type ClientIneligibility, ineligibility } from "../client/client.ts";
import type { ClientSecret } from "../client/client-secret.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { Refusal } from "../refusal.ts";
import type { RevocationStore } from "../revocation/revocation-store.ts";
import type { AccessTokenVerifier, VerifiedToken } from "./access-token-verifier.ts";
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

/** An access token of ours that has not expired, and the id of its client, which may be gone. */
export interface OwnToken extends VerifiedToken {
  readonly clientId: ClientId;
}

/** Only the characters of RFC 7515 §7.1, because decoders skip white space, and at most 16 KiB. Nothing else is parsed. */
const compactToken = /^[\w.-]{1,16384}$/;

/** Verifies an access token by itself: undefined unless it is ours and unexpired. Reads no store. */
export async function verifyAccessToken(
  token: string,
  now: number,
  { verifier }: Pick<TokenCheckPorts, "verifier">,
): Promise<OwnToken | undefined> {
  const verified = compactToken.test(token) ? await verifier.verify(token, now) : undefined;
  const clientId = verified === undefined ? undefined : parseClientId(verified.claims.client_id);
  return verified !== undefined && clientId?.ok ? { ...verified, clientId: clientId.value } : undefined;
}

/** The client of a verified token, and why the token is not valid any more, if so. Reads the store each time. */
export async function findClientOf(
  token: OwnToken,
  now: number,
  { store, revocations }: Pick<TokenCheckPorts, "store" | "revocations">,
): Promise<{ readonly client?: Client | undefined; readonly flaw?: "client_replaced" | "token_revoked" }> {
  const client = await store.find(token.clientId);
  if (client?.handle !== token.claims.rvk[0]) return { client, flaw: "client_replaced" };
  return (await revocations.find(token, now)) === undefined ? { client } : { client, flaw: "token_revoked" };
}

/**
 * Checks that an access token is ours and valid now: its client is the same registration and may act from this address,
 * its secret is not revoked, and no revocation matches it. Reads these from the store each time, so a change takes effect
 * at once, however long the token lives. Does not check the audience or the scope.
 */
export async function checkAccessToken(
  token: string,
  { address, now, tokenTime = now }: CheckedRequest,
  ports: TokenCheckPorts,
): Promise<Result<LiveToken, TokenFlaw>> {
  const verified = await verifyAccessToken(token, tokenTime, ports);
  if (verified === undefined) return err({ reason: "token_invalid" });
  const { claims, clientId } = verified;
  const proof = { clientId, jti: claims.jti, audience: claims.aud };

  const { client, flaw } = await findClientOf(verified, now, ports);
  const secret = client?.secrets.find(({ handle }) => handle === claims.rvk[1]);
  if (client === undefined || flaw === "client_replaced") {
    // The secret proves that it is still the same registration: disabling it gave it another handle
    if (client?.status !== "disabled" || secret === undefined) return err({ ...proof, reason: "client_replaced" });
    return err({ ...proof, reason: "client_disabled", secretId: secret.secretId });
  }
  if (flaw !== undefined) return err({ ...proof, reason: flaw, ...(secret && { secretId: secret.secretId }) });
  if (secret === undefined) return err({ ...proof, reason: "secret_revoked" });
  const reason = secret.revokedAt === null ? ineligibility(client, now, parseAddress(address)) : "secret_revoked";
  if (reason === undefined) return ok({ claims, client, secret });
  return err({ ...proof, reason, secretId: secret.secretId, facts: factsOfHolder(reason, { client, secret }, null) });
}
