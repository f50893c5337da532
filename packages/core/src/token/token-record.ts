import type { TokenPath } from "@carnet/protocol/endpoints";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { type RefusalKind, refusals, type TokenErrorCode } from "@carnet/protocol/refusals";
import type { Refusal } from "../refusal.ts";
import type { Grant } from "./authorise.ts";
import type { LiveToken } from "./check-access-token.ts";
import type { MintedToken } from "./mint.ts";
import type { TokenRequestMessage } from "./token-request-message.ts";

/** Records token requests. An answer is sent only after its record is written. */
export interface TokenRecorder {
  record(record: TokenRecord): void | Promise<void>;
}

/** The outcome of one token request. Has no field that could hold a secret or a token. */
export type TokenRecord = TokenIssued | TokenReturned | TokenRefused;

type RequestFacts = {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly path: TokenPath;
  readonly address: string;
  /** null: the request named no valid version. */
  readonly version: string | null;
};

export type TokenIssued = RequestFacts & {
  readonly event: "token_issued";
  readonly clientId: ClientId;
  readonly secretId: SecretId;
  readonly jti: string;
  readonly keyId: string;
  readonly scope: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
};

/** A token that was sent back to its holder. Not a use of the secret, and nothing was issued. */
export type TokenReturned = RequestFacts & {
  readonly event: "token_returned";
  readonly clientId: ClientId;
  readonly secretId: SecretId;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
};

export type TokenRefused = RequestFacts & {
  readonly event: "token_refused";
  /** The client whose secret or token was right, or null. */
  readonly clientId: ClientId | null;
  readonly kind: RefusalKind;
  readonly error: TokenErrorCode;
  readonly reason: string;
  readonly detail: string;
};

export const issued = (message: TokenRequestMessage, at: number, grant: Grant, token: MintedToken): TokenIssued => ({
  event: "token_issued",
  ...factsOf(message, at),
  clientId: grant.client.clientId,
  secretId: grant.secret.secretId,
  jti: token.claims.jti,
  keyId: token.keyId,
  scope: token.scope,
  expiresAt: token.claims.exp,
});

export const returned = (
  message: TokenRequestMessage,
  at: number,
  { claims, client, secret }: LiveToken,
): TokenReturned => ({
  event: "token_returned",
  ...factsOf(message, at),
  clientId: client.clientId,
  secretId: secret.secretId,
  jti: claims.jti,
  expiresAt: claims.exp,
});

export const refused = (message: TokenRequestMessage, at: number, refusal: Refusal): TokenRefused => ({
  event: "token_refused",
  ...factsOf(message, at),
  clientId: refusal.clientId ?? null,
  kind: refusal.kind,
  error: refusals[refusal.kind].error,
  reason: refusal.reason,
  detail: refusal.detail,
});

const factsOf = ({ requestId, path, address, version }: TokenRequestMessage, at: number): RequestFacts => ({
  requestId,
  at,
  path,
  address,
  version: version.ok ? version.value : null,
});
