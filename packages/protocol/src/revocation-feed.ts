/** The `typ` in the header of the revocation feed, so that no other JWT of a service passes as its feed. */
export const revocationFeedType = "revocations+jwt";

/** The claims of the revocation feed: every live revocation, without the name of any client. */
export interface RevocationFeedClaims {
  readonly iss: string;
  /** Seconds since the epoch, with a fraction. A feed with a later one never knows less. */
  readonly iat: number;
  /** Seconds since the epoch, with a fraction. */
  readonly exp: number;
  /** The hash of the `jti` of each revoked token: the first 16 bytes of its SHA-256, in base64url. */
  readonly tokens: readonly string[];
  /** Handles of clients and secrets. Tokens with one of them in `rvk` are revoked, whenever they were issued. */
  readonly handles: readonly string[];
  /** By the handle of a client: its tokens with an `iat` up to this are revoked. */
  readonly cut_offs: Readonly<Record<string, number>>;
  /** All tokens with an `iat` up to this are revoked. */
  readonly issued_until: number | null;
  /** The ids of revoked signing keys. */
  readonly keys: readonly string[];
}
