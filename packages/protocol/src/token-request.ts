/** The parameters of a token request, in a form or as JSON. @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2 */
export interface TokenRequest {
  readonly grant_type: "client_credentials";
  /** Required unless the `Authorization` header carries it. */
  readonly client_id?: string;
  /** Required unless the `Authorization` header carries it. */
  readonly client_secret?: string;
  /** Names separated by spaces; without it, every scope of the client. */
  readonly scope?: string;
}
