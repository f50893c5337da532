import { scopeSet } from "../settings/scopes.ts";
import { type AccessToken, sealed } from "./bearer-token.ts";
import type { Grant } from "./token-request.ts";

const ASSUMED_LIFETIME_S = 300;
const MAX_AHEAD_MS = 60_000;
const MAX_LEEWAY_MS = 5_000;

/** A cached token and its deadlines on the monotonic clock, in milliseconds. */
export interface HeldToken {
  readonly token: AccessToken;
  /** Not served from here on. A little before it expires, so that it does not expire in transit. */
  readonly usableUntil: number;
  /** From here on a new token is requested in the background. */
  readonly refreshAt: number;
}

/** Computes a token's deadlines. Without a lifetime from the server it assumes five minutes. */
export function toHeldToken({ token, sentAt }: Grant, random: () => number): HeldToken {
  const lifetimeMs = (token.expiresIn ?? ASSUMED_LIFETIME_S) * 1000;
  const end = sentAt + lifetimeMs;
  const ahead = Math.min(lifetimeMs / 5, MAX_AHEAD_MS);
  return {
    token: sealed({ ...token, scopes: scopeSet(token.scope) }),
    usableUntil: end - Math.min(lifetimeMs / 60, MAX_LEEWAY_MS),
    refreshAt: end - ahead * (1 - random() / 2), // Jitter: clients that started together do not refresh together.
  };
}
