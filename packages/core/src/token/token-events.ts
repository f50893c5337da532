import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { refusals } from "@carnet/protocol/refusals";
import type { Actor, TokenIssued, TokenRefused, TokenRequestFacts, TokenReturned } from "../audit/event.ts";
import type { EventIds } from "../audit/recorder.ts";
import type { Refusal } from "../refusal.ts";
import type { Grant } from "./authorise.ts";
import type { LiveToken } from "./check-access-token.ts";
import type { ClientMessage } from "./client-message.ts";
import type { MintedToken } from "./mint.ts";
import type { TokenRequest } from "./parse-token-request.ts";

/** The events of the requests in which a client authenticates itself. */

/** A request, and when it was decided. */
export interface Decided {
  readonly message: ClientMessage;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const issued = (
  decided: Decided,
  { request, grant, token }: { request: TokenRequest; grant: Grant; token: MintedToken },
  ids: EventIds,
): TokenIssued => ({
  event: "token_issued",
  ...factsOf(decided, clientActor(grant.client.clientId, grant.secret.secretId, token.claims.jti), ids),
  keyId: token.keyId,
  scope: token.scope,
  expiresAt: token.claims.exp,
  askedScope: request.scope ?? null,
});

export const returned = (decided: Decided, { claims, client, secret }: LiveToken, ids: EventIds): TokenReturned => ({
  event: "token_returned",
  ...factsOf(decided, clientActor(client.clientId, secret.secretId, claims.jti), ids),
  expiresAt: claims.exp,
});

export const refused = (decided: Decided, refusal: Refusal, ids: EventIds): TokenRefused => ({
  event: "token_refused",
  ...factsOf(
    decided,
    refusal.clientId === undefined
      ? { type: "unknown" }
      : clientActor(refusal.clientId, refusal.secretId ?? null, refusal.jti ?? null),
    ids,
  ),
  kind: refusal.kind,
  error: refusals[refusal.kind].error,
  reason: refusal.reason,
  detail: refusal.detail,
  facts: refusal.facts ?? {},
  claimedClientId: refusal.claimedClientId ?? null,
});

export const clientActor = (clientId: ClientId, secretId: SecretId | null, jti: string | null): Actor => ({
  type: "client",
  clientId,
  secretId,
  jti,
});

const factsOf = ({ message, now }: Decided, actor: Actor, ids: EventIds): TokenRequestFacts => ({
  id: ids.next(),
  at: now,
  requestId: message.requestId,
  actor,
  address: message.address,
  path: message.path,
  version: message.version?.ok ? message.version.value : null,
});
