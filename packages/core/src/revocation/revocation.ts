import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import type { ClientId } from "@carnet/protocol/ids";

/**
 * A fact that makes tokens invalid before they expire. Only these facts are stored, never the tokens, so issuing writes
 * nothing.
 */
export interface Revocation extends RevokedTokens {
  /** The client whose tokens it revokes. null: tokens of any client. */
  readonly clientId: ClientId | null;
  /** Milliseconds since the epoch. */
  readonly revokedAt: number;
  /** When every token that it matches has expired, everywhere. It is then forgotten. */
  readonly endsAt: number;
}

/** Which tokens a revocation matches. */
export interface RevokedTokens {
  readonly kind: RevocationKind;
  /** `token`: the hash of its `jti`. `client`, `secret`: the handle. `cut_off`: the client's handle, or "" for the whole service. `key`: its id. */
  readonly subject: string;
  /** Of a `cut_off`: tokens issued until then are revoked, in seconds since the epoch. null otherwise. */
  readonly issuedUntil: number | null;
}

export const revocationKinds = ["token", "client", "secret", "cut_off", "key"] as const;
export type RevocationKind = (typeof revocationKinds)[number];

/** A verified token, as far as revocations go by it. */
export interface RevocableToken {
  readonly claims: Pick<AccessTokenClaims, "iat" | "rvk">;
  readonly keyId: string;
  /** The hash of its `jti`. See `hashTokenId` of the server. */
  readonly idHash: string;
}

/** The subjects of every revocation that could match a token. */
export const subjectsOf = ({ claims: { rvk }, keyId, idHash }: RevocableToken): readonly string[] => [
  idHash,
  ...rvk,
  "",
  keyId,
];

/** Whether a revocation matches a token. Does not look at `endsAt`. */
export function matchesToken({ kind, subject, issuedUntil }: RevokedTokens, token: RevocableToken): boolean {
  const [client, secret] = token.claims.rvk;
  switch (kind) {
    case "token":
      return subject === token.idHash;
    case "client":
      return subject === client;
    case "secret":
      return subject === secret;
    case "cut_off":
      return (subject === "" || subject === client) && token.claims.iat <= (issuedUntil ?? 0);
    case "key":
      return subject === token.keyId;
    default:
      return kind satisfies never;
  }
}

/** The longest lifetime that a token can have, in seconds. */
export const longestTokenLifetime = 86_400;

/** How far the clock of a verifier may differ, in seconds: it may accept a token for so long after its end. The guard accepts no more. */
const verifierTolerance = 60;

/** How long a node may still issue tokens that a new revocation matches, in seconds: it learns of changes within one. */
const propagation = 2;

/** When a revocation of any tokens that were issued until now can be forgotten, in milliseconds since the epoch. */
export const endOfRevocation = (now: number): number =>
  now + (propagation + longestTokenLifetime + verifierTolerance) * 1000;

/** The longest time for which a node that cannot read the store may issue tokens, in milliseconds: the most that CARNET_STORE_GRACE accepts. */
export const longestStoreGrace = 86_400_000;

/** When the revocation of a signing key can be forgotten. A node that cannot read the store may sign with the key for the grace. */
export const endOfKeyRevocation = (now: number): number => endOfRevocation(now) + longestStoreGrace;

/** When the revocation of one token can be forgotten. `expiresAt` is its `exp`. */
export const endOfTokenRevocation = (expiresAt: number): number => (expiresAt + verifierTolerance) * 1000;

/** An ended revocation can be deleted after this, in milliseconds: a node whose clock is ahead must delete none that counts. */
export const keptAfterEnd = 3_600_000;

/** A token that expired after this is still worth revoking, because verifiers may accept it. In milliseconds since the epoch. */
export const oldestRevocableEnd = (now: number): number => now - verifierTolerance * 1000;

/**
 * The single revoked tokens of a client that a revocation makes superfluous: those that were revoked until then, in
 * milliseconds since the epoch. A token was issued before it was revoked.
 */
export function coveredUntil({ kind, clientId, revokedAt, issuedUntil }: Revocation): number {
  if (clientId === null) return 0;
  if (kind === "client") return revokedAt;
  return kind === "cut_off" ? (issuedUntil ?? 0) * 1000 : 0;
}
