import type { RequestOptions } from "../settings/options.ts";
import type { AccessToken, Grant } from "./bearer-token.ts";
import { type Flight, startFlight } from "./flight.ts";
import { type HeldToken, type SlotPorts, toHeldToken } from "./held-token.ts";

/** How a caller waits for a token. */
export type WaitOptions = Pick<RequestOptions, "signal" | "retries" | "retryCodes">;

/** Requests a token. Without `options` it is in the background: no caller waits, so no caller sees a failure. */
export type FetchToken = (signal: AbortSignal, options: WaitOptions | undefined) => Promise<Grant>;

const MAX_BACKOFF_MS = 10_000;

/**
 * The cache entry for one key: at most one token and at most one current flight. Only the current flight's token is
 * cached, so a late response cannot replace a newer token or undo an invalidation.
 */
export interface TokenSlot {
  /**
   * The cached token if it is still usable. Requests the next one in the background when it is due.
   * @param scopes those that must have been granted
   * @param minValidityMs how long it must still be valid
   */
  serve(scopes: readonly string[], minValidityMs: number): AccessToken | undefined;
  /**
   * A new token, from the current flight or a new one. The call that starts a flight decides its retries.
   * @param forced whether to join only a flight that was itself forced
   */
  next(forced: boolean, options: WaitOptions): Promise<AccessToken>;
  /** Drops the token, and the current flight's result, if `accessToken` is this token or is not given. */
  drop(accessToken?: string): void;
}

export function tokenSlot(ports: SlotPorts, fetchToken: FetchToken): TokenSlot {
  const { clock } = ports;
  let held: HeldToken | undefined;
  let refreshAt = 0;
  let flight: Flight<AccessToken> | undefined;
  let isForced = false;

  /** Starts a flight. It is current until it finishes or another one replaces it. */
  const start = (options?: WaitOptions): Flight<AccessToken> => {
    const own = startFlight(async (signal) => {
      try {
        const next = toHeldToken(ports, await fetchToken(signal, options));
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
    }, !options);
    isForced = false;
    flight = own;
    return own;
  };

  return {
    serve(scopes, minValidityMs) {
      const now = clock.monotonic();
      if (!held || now >= held.usableUntil || held.end - now < minValidityMs) return undefined;
      const { token } = held;
      if (scopes.some((scope) => !token.scopes.includes(scope))) return undefined;
      if (!flight && now >= refreshAt) start();
      return token;
    },
    next(forced, options) {
      let current = flight;
      if (!current || current.ended() || (forced && !isForced)) {
        current?.abandon();
        current = start(options);
        isForced = forced;
      }
      return current.join(options.signal);
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
