/** The type of a signed answer, as `typ` and with `application/` as media type. @see https://www.rfc-editor.org/rfc/rfc9701#section-5 */
export const introspectionType = "token-introspection+jwt";

/** What introspection tells about a token. @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2 */
export type IntrospectionResponse = InactiveToken | ActiveToken;

/** Not a valid token, or not one that the caller may know about. */
export interface InactiveToken {
  readonly active: false;
}

/** Has the static claims of the token besides. */
export interface ActiveToken {
  readonly active: true;
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly scope: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly jti: string;
  readonly token_type: "Bearer";
  /** Of the client, if it has one. */
  readonly username?: string;
  /** Identifies the client's workspace, if it has one. */
  readonly arid?: string;
}

/** The claims of a signed answer. @see https://www.rfc-editor.org/rfc/rfc9701#section-5 */
export interface IntrospectionClaims {
  readonly iss: string;
  /** The client that asked. */
  readonly aud: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly token_introspection: IntrospectionResponse;
}
