import { scopeSet } from "../settings/scopes.ts";
import { type AccessToken, sealed } from "./bearer-token.ts";
import type { Grant } from "./token-request.ts";

const ASSUMED_LIFETIME_S = 300;
const MOST_AHEAD_MS = 60_000;
const MOST_LEEWAY_MS = 5_000;

/** A token in the cache and the instants of its life, by the monotonic clock in milliseconds. */
export interface HeldToken {
  readonly token: AccessToken;
  /** From here on it is served no more: a little before its end, so that it does not end on its way. */
  readonly usableUntil: number;
  /** From here on a new one is asked for in the background. */
  readonly refreshAt: number;
}

/** Works a token's instants out; a lifetime that the server does not say is taken to be five minutes. */
export function hold({ token, sentAt }: Grant, random: () => number): HeldToken {
  const lifetimeMs = (token.expiresIn ?? ASSUMED_LIFETIME_S) * 1000;
  const end = sentAt + lifetimeMs;
  const ahead = Math.min(lifetimeMs / 5, MOST_AHEAD_MS);
  return {
    token: sealed({ ...token, scopes: scopeSet(token.scope) }),
    usableUntil: end - Math.min(lifetimeMs / 60, MOST_LEEWAY_MS),
    refreshAt: end - ahead * (1 - random() / 2), // Jitter: many clients started at once do not come back at once.
  };
}
