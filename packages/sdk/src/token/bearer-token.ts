import { REDACTED, redact } from "../redaction/redact.ts";

/** A token as granted by the server. Printing it or converting it to JSON does not show the token itself. */
export interface BearerToken {
  /** The token itself, to send after `Bearer `. */
  readonly accessToken: string;
  /** The lifetime in seconds when it was granted. Undefined if the server did not say. */
  readonly expiresIn: number | undefined;
  /** The granted scopes, space-separated. If the server did not say, the requested ones (RFC 6749 §5.1). */
  readonly scope: string;
  /** Always `Bearer`, whatever case the server wrote it in. */
  readonly tokenType: "Bearer";
}

/** A cached token with its scopes as a list. */
export interface AccessToken extends BearerToken {
  /** `scope` as a list. */
  readonly scopes: readonly string[];
}

/** Freezes a token and redacts it in printed output. */
export function sealed<T extends BearerToken>(token: T): T {
  return Object.freeze(redact(token, () => ({ ...token, accessToken: REDACTED })));
}
