import assert from "node:assert/strict";
import { decodeJwt } from "jose";

/** The members that every client must receive. */
export interface ReceivedToken {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly scope?: unknown;
  readonly token_type?: unknown;
}

/** Asserts that a client received a complete token response: a JWT for it and the scope, valid for ten minutes. */
export function assertReceived(token: ReceivedToken, expected: { clientId: string; scope: string }): void {
  assert.equal(typeof token.access_token, "string");
  const claims = decodeJwt(String(token.access_token));
  assert.equal(claims.sub, expected.clientId);
  assert.equal(claims.scope, expected.scope);
  assert.equal(token.scope, expected.scope);
  assert.equal(token.expires_in, 600);
  // RFC 6749 §5.1: the value is case-insensitive, and some clients lower-case it
  assert.equal(String(token.token_type).toLowerCase(), "bearer");
}
