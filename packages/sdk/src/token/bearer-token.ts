import type { Clock } from "../clock.ts";
import { REDACTED, redact } from "../redaction/redact.ts";

/** A token as granted by the server. Printing it or converting it to JSON does not show the token itself. */
export interface BearerToken {
  /** The token itself, to send after `Bearer `. */
  readonly accessToken: string;
  /**
   * How many seconds are left, now, rounded up; 0 once it has expired. Measured by the monotonic clock. Undefined if the
   * server did not say. A copy of the token keeps the value of its moment.
   */
  readonly expiresIn: number | undefined;
  /** When it expires, by the wall clock at the time of the request. Undefined if the server did not say. */
  readonly expiresAt: Date | undefined;
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

/** The server's answer, and when it was asked: a lower bound for the start of the lifetime. */
export interface Grant {
  readonly accessToken: string;
  /** The lifetime in seconds. */
  readonly lifetime: number | undefined;
  readonly scope: string;
  /** On the monotonic clock. */
  readonly sentAt: number;
  /** On the wall clock. */
  readonly sentOn: number;
}

/** The latest date that JavaScript has. A token "for ever" must not have an invalid one. */
const MAX_DATE_MS = 8.64e15;

/** Makes a frozen token with `more` members, redacted in printed output. */
export function bearerToken<More extends object>(
  { clock }: { readonly clock: Clock },
  { accessToken, lifetime, scope, sentAt, sentOn }: Grant,
  more: More,
): BearerToken & More {
  const token = {
    accessToken,
    get expiresIn() {
      const left = lifetime && Math.ceil(lifetime - (clock.monotonic() - sentAt) / 1000);
      return left && Math.max(0, left);
    },
    get expiresAt() {
      // A new one, because a Date can be changed.
      return lifetime === undefined ? lifetime : new Date(Math.min(sentOn + lifetime * 1000, MAX_DATE_MS));
    },
    scope,
    tokenType: "Bearer",
    ...more,
  } as const;
  return Object.freeze(redact(token, () => ({ ...token, accessToken: REDACTED })));
}
