import { REDACTED, redact } from "../redaction/redact.ts";

/** A token as the server granted it. Printing it, or turning it into JSON, does not show the token itself. */
export interface BearerToken {
  readonly accessToken: string;
  /** The lifetime in seconds when it was granted; undefined where the server did not say. */
  readonly expiresIn: number | undefined;
  /** What was granted, with spaces between; what was asked for, where the server did not say (RFC 6749 §5.1). */
  readonly scope: string;
  readonly tokenType: "Bearer";
}

/** A cached token, with the set that it was granted for. */
export interface AccessToken extends BearerToken {
  /** The words of `scope`. */
  readonly scopes: readonly string[];
}

/** Freezes a token and keeps it out of what is printed. */
export function sealed<T extends BearerToken>(token: T): T {
  return Object.freeze(redact(token, () => ({ ...token, accessToken: REDACTED })));
}
