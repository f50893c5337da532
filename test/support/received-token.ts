import assert from "node:assert/strict";
import { decodeJwt } from "jose";

/** What every client must have got, whatever it calls it. */
export interface ReceivedToken {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly scope?: unknown;
  readonly token_type?: unknown;
}

/** Asserts that a client holds a whole token answer: a JWT made out to it, for the scope, good for ten minutes. */
export function assertReceived(token: ReceivedToken, expected: { clientId: string; scope: string }): void {
  assert.equal(typeof token.access_token, "string");
  const claims = decodeJwt(String(token.access_token));
  assert.equal(claims.sub, expected.clientId);
  assert.equal(claims.scope, expected.scope);
  assert.equal(token.scope, expected.scope);
  assert.equal(token.expires_in, 600);
  // RFC 6749 §5.1: the value is case-insensitive, and some clients lower it
  assert.equal(String(token.token_type).toLowerCase(), "bearer");
}
