import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";

/** A signed access token. */
export interface SignedToken {
  readonly token: string;
  /** The key that signed it. The current key may have changed since. */
  readonly keyId: string;
}

/** Signs access tokens with the current key. */
export interface AccessTokenSigner {
  /** Returns the claims as a JWT of type `at+jwt`. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.1 */
  sign(claims: AccessTokenClaims): Promise<SignedToken>;
}
