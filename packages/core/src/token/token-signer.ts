/** A signed token. */
export interface SignedToken {
  readonly token: string;
  /** The key that signed it. The current key may have changed since. */
  readonly keyId: string;
}

/** Signs tokens with the keys of the service. */
export interface TokenSigner {
  /**
   * Returns the claims as a JWT with this `typ`, such as `at+jwt`. The audience chooses the algorithm; null: the default.
   * @see https://www.rfc-editor.org/rfc/rfc8725#section-3.11
   */
  sign(claims: object, typ: string, audience: string | null): Promise<SignedToken>;
}
