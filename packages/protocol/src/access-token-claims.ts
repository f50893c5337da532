import { encodeBase64UrlText } from "./base64.ts";

/** The media type of an access token, in its `typ` header. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.1 */
export const accessTokenType = "at+jwt";

/**
 * The claims of an access token.
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2
 */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly client_id: string;
  readonly aud: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch. */
  readonly exp: number;
  readonly jti: string;
  readonly scope: string;
  /** The revocation handles of the client and of the secret that the token was issued for. */
  readonly rvk: readonly [client: string, secret: string];
  /** Identifies the client's workspace, if it has one. */
  readonly arid?: string;
}

/** The `arid` of a workspace: base64url of `Workspace`, the byte 0x1f, and the id. */
export const workspaceArid = (workspace: string): string => encodeBase64UrlText(`Workspace\u001f${workspace}`);
