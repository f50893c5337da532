/** A verified access token. Frozen, because requests share it. The token itself is not in it. */
export interface AccessToken {
  /** The client that the token was issued to: `client_id`, or `azp` or `cid` of other servers. */
  readonly clientId: string;
  /** `sub`. Tokens of Carnet always have it. */
  readonly subject: string | undefined;
  /** The granted scopes. */
  readonly scopes: readonly string[];
  /** `aud` as a list. */
  readonly audience: readonly string[];
  /** `iss`. */
  readonly issuer: string;
  /** `iat`. Tokens of Carnet always have it. */
  readonly issuedAt: Date | undefined;
  /** `exp`. */
  readonly expiresAt: Date;
  /** `jti`. Tokens of Carnet always have it. */
  readonly tokenId: string | undefined;
  /** The client's workspace, if it has one, from `arid`. */
  readonly workspace: string | undefined;
  /** All claims, as they are in the token. */
  readonly claims: Readonly<Record<string, unknown>>;
}
