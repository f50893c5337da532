/** The answer to a token request, as it stands on the wire: these four members and no other. */
export interface TokenResponse {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly scope: string;
  readonly token_type: "Bearer";
}

/** The answer to a refused token request, as it stands on the wire. */
export interface ErrorResponse {
  readonly error: string;
  readonly error_description: string;
  readonly error_uri?: string;
}

/** The headers of both. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
export const tokenResponseHeaders = {
  "Content-Type": "application/json;charset=UTF-8",
  "Cache-Control": "no-store",
  Pragma: "no-cache",
} as const;
