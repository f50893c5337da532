import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";

/** Verifies access tokens with the published keys. */
export interface AccessTokenVerifier {
  /**
   * The claims of a token that this service signed and that has not expired at `now`, in milliseconds since the epoch;
   * undefined for anything else. Does not check the audience, nor whether the client may still act.
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
   */
  verify(token: string, now: number): Promise<AccessTokenClaims | undefined>;
}
