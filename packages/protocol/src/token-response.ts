/** A granted token: exactly these members. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
export interface TokenResponse {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  /** The scopes that were granted, separated by spaces. */
  readonly scope: string;
  readonly token_type: "Bearer";
}

/** A refused token request. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
export interface ErrorResponse {
  readonly error: string;
  readonly error_description: string;
  readonly error_uri?: string;
}
