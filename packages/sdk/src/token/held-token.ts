import type { Clock } from "../clock.ts";
import { scopeSet } from "../settings/scopes.ts";
import { type AccessToken, bearerToken, type Grant } from "./bearer-token.ts";

const ASSUMED_LIFETIME_S = 300;
const MAX_AHEAD_MS = 60_000;
const MAX_LEEWAY_MS = 5_000;

/** The clock and the random source of a slot. */
export interface SlotPorts {
  readonly clock: Clock;
  readonly random: () => number;
}

/** A cached token and its deadlines on the monotonic clock, in milliseconds. */
export interface HeldToken {
  readonly token: AccessToken;
  /** When it expires. */
  readonly end: number;
  /** Not served from here on. A little before it expires, so that it does not expire in transit. */
  readonly usableUntil: number;
  /** From here on a new token is requested in the background. */
  readonly refreshAt: number;
}

/** Computes a token's deadlines. Without a lifetime from the server it assumes five minutes. */
export function toHeldToken(ports: SlotPorts, grant: Grant): HeldToken {
  const lifetimeMs = (grant.lifetime ?? ASSUMED_LIFETIME_S) * 1000;
  const end = grant.sentAt + lifetimeMs;
  const ahead = Math.min(lifetimeMs / 5, MAX_AHEAD_MS);
  return {
    token: bearerToken(ports, grant, { scopes: scopeSet(grant.scope) }),
    end,
    usableUntil: end - Math.min(lifetimeMs / 60, MAX_LEEWAY_MS),
    refreshAt: end - ahead * (1 - ports.random() / 2), // Jitter: clients that started together do not refresh together.
  };
}
