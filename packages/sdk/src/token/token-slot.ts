import type { Clock } from "../clock.ts";
import type { AccessToken } from "./bearer-token.ts";
import { type Flight, startFlight } from "./flight.ts";
import { type HeldToken, toHeldToken } from "./held-token.ts";
import type { Grant } from "./token-request.ts";

/** The clock and the random source of a slot. */
export interface SlotPorts {
  readonly clock: Pick<Clock, "monotonic">;
  readonly random: () => number;
}

/** Requests a token. With `inBackground` no caller waits, so no caller sees a failure. */
export type FetchToken = (signal: AbortSignal, inBackground: boolean) => Promise<Grant>;

const MAX_BACKOFF_MS = 10_000;

/**
 * The cache entry for one key: at most one token and at most one current flight. Only the current flight's token is
 * cached, so a late response cannot replace a newer token or undo an invalidation.
 */
export interface TokenSlot {
  /**
   * The cached token if it is still usable. Requests the next one in the background when it is due.
   * @param needed the scopes that must have been granted
   */
  serve(needed?: readonly string[]): AccessToken | undefined;
  /**
   * A new token, from the current flight or a new one.
   * @param forced whether to join only a flight that was itself forced
   */
  next(forced: boolean, signal: AbortSignal | null | undefined): Promise<AccessToken>;
  /** Drops the token, and the current flight's result, if `accessToken` is this token or is not given. */
  drop(accessToken?: string): void;
}

export function tokenSlot({ clock, random }: SlotPorts, fetchToken: FetchToken): TokenSlot {
  let held: HeldToken | undefined;
  let refreshAt = 0;
  let flight: Flight<AccessToken> | undefined;
  let isForced = false;

  /** Starts a flight. It is current until it finishes or another one replaces it. */
  const start = (inBackground: boolean): Flight<AccessToken> => {
    const own = startFlight(async (signal) => {
      try {
        const next = toHeldToken(await fetchToken(signal, inBackground), random);
        if (flight === own) {
          held = next;
          refreshAt = next.refreshAt;
        }
        return next.token;
      } catch (error) {
        const now = clock.monotonic();
        // Back off before the next background refresh while the cached token is still usable.
        if (flight === own) refreshAt = now + Math.min(MAX_BACKOFF_MS, ((held?.usableUntil ?? now) - now) / 2);
        throw error;
      } finally {
        if (flight === own) flight = undefined;
      }
    }, inBackground);
    isForced = false;
    flight = own;
    return own;
  };

  return {
    serve(needed = []) {
      const now = clock.monotonic();
      if (!held || now >= held.usableUntil) return undefined;
      const { token } = held;
      if (needed.some((scope) => !token.scopes.includes(scope))) return undefined;
      if (!flight && now >= refreshAt) start(true);
      return token;
    },
    next(forced, signal) {
      let current = flight;
      if (!current || current.ended() || (forced && !isForced)) {
        current?.abandon();
        current = start(false);
        isForced = forced;
      }
      return current.join(signal);
    },
    drop(accessToken) {
      if (accessToken !== undefined && accessToken !== held?.token.accessToken) return;
      const current = flight;
      held = undefined;
      flight = undefined;
      current?.abandon();
    },
  };
}
