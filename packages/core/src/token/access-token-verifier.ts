import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";

/** An access token that this service signed. */
export interface VerifiedToken {
  readonly claims: AccessTokenClaims;
  /** The key that signed it. */
  readonly keyId: string;
  /** The hash of its `jti`, by which it is revoked. */
  readonly idHash: string;
}

/** Verifies access tokens with the published keys. */
export interface AccessTokenVerifier {
  /**
   * A token that this service signed and that has not expired at `now`, in milliseconds since the epoch;
   * undefined for anything else. Does not check the audience, nor whether the client may still act.
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
   */
  verify(token: string, now: number): Promise<VerifiedToken | undefined>;
}
