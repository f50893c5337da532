import type { Clock } from "../clock.ts";
import type { AccessToken } from "./bearer-token.ts";
import { type Flight, takeOff } from "./flight.ts";
import { type HeldToken, hold } from "./held-token.ts";
import type { Grant } from "./token-request.ts";

/** What a slot needs from outside. */
export interface SlotPorts {
  readonly clock: Pick<Clock, "monotonic">;
  readonly random: () => number;
}

/** Asks the server; `unattended` where no caller waits, so that nobody else sees a failure. */
export type AskNow = (signal: AbortSignal, unattended: boolean) => Promise<Grant>;

const MOST_PAUSE_MS = 10_000;

/**
 * The token for one key: at most one is held, and at most one flight is current. Only the current flight's answer is
 * kept, so that a late one cannot replace a newer one or undo an invalidation.
 */
export interface TokenSlot {
  /**
   * The token, if there is one that may still be served; asks for the next one in the background once it is time.
   * @param needed what it must have been granted for
   */
  serve(needed?: readonly string[]): AccessToken | undefined;
  /**
   * A new token, by the flight under way or a new one.
   * @param forced whether a flight that was not itself forced is too old to wait for
   */
  next(forced: boolean, signal: AbortSignal | null | undefined): Promise<AccessToken>;
  /** Forgets the token, if it is this one or none is named, and whatever the flight under way may bring. */
  drop(accessToken?: string): void;
}

/** Makes an empty slot. */
export function tokenSlot({ clock, random }: SlotPorts, ask: AskNow): TokenSlot {
  let held: HeldToken | undefined;
  let refreshAt = 0;
  let flight: Flight<AccessToken> | undefined;
  let isForced = false;

  /** Starts a flight, which is the current one until it lands or another takes its place. */
  const start = (unattended: boolean): Flight<AccessToken> => {
    const own = takeOff(async (signal) => {
      try {
        const next = hold(await ask(signal, unattended), random);
        if (flight === own) {
          held = next;
          refreshAt = next.refreshAt;
        }
        return next.token;
      } catch (error) {
        const now = clock.monotonic();
        // The token that is still held serves a while before the next background refresh.
        if (flight === own) refreshAt = now + Math.min(MOST_PAUSE_MS, ((held?.usableUntil ?? now) - now) / 2);
        throw error;
      } finally {
        if (flight === own) flight = undefined;
      }
    }, unattended);
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
        current?.castOff();
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
      current?.castOff();
    },
  };
}
