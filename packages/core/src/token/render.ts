import { basicChallenge } from "@carnet/protocol/basic-credentials";
import { expiryWarningHeader, formatExpiryWarnings } from "@carnet/protocol/expiry-warning";
import { Redacted } from "@carnet/protocol/redacted";
import { refusals } from "@carnet/protocol/refusals";
import type { ErrorResponse } from "@carnet/protocol/token-response";
import { tokenResponseHeaders } from "@carnet/protocol/token-response-headers";
import type { ExpiryWarning } from "../client/expiry-warnings.ts";
import type { Refusal } from "../refusal.ts";

/** An answer, ready to be sent. */
export interface TokenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Redacted<string>;
}

/** A token as it is sent. */
export interface GrantedToken {
  readonly accessToken: Redacted<string>;
  /** Seconds from now. */
  readonly expiresIn: number;
  readonly scope: string;
}

/** The answer that carries a token. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
export function renderToken(token: GrantedToken, warnings: readonly ExpiryWarning[]): TokenAnswer {
  // Tokens and scopes need no escapes (RFC 7515 §7.1, RFC 6749 §3.3), and JSON.stringify takes a microsecond to look for some
  const body = `{"access_token":"${token.accessToken.reveal()}","expires_in":${token.expiresIn},"scope":"${token.scope}","token_type":"Bearer"}`;
  const headers =
    warnings.length === 0
      ? tokenResponseHeaders
      : { ...tokenResponseHeaders, [expiryWarningHeader]: formatExpiryWarnings(warnings) };
  return { status: 200, headers, body: new Redacted(body) };
}

/** The answer to a refused request. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
export function renderRefusal(refusal: Refusal): TokenAnswer {
  const { status, error } = refusals[refusal.kind];
  const body: ErrorResponse = { error, error_description: refusal.description };
  const headers: Record<string, string> = { ...tokenResponseHeaders };
  if (refusal.challenged) headers["WWW-Authenticate"] = basicChallenge("carnet");
  if (refusal.retryAfter !== undefined) headers["Retry-After"] = String(refusal.retryAfter);
  return { status, headers, body: new Redacted(JSON.stringify(body)) };
}
