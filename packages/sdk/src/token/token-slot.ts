import type { Clock } from "../clock.ts";
import type { AccessToken } from "./bearer-token.ts";
import { Flight } from "./flight.ts";
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
export class TokenSlot {
  readonly #ports: SlotPorts;
  readonly #ask: AskNow;
  #held: HeldToken | undefined;
  #refreshAt = 0;
  #flight: Flight<AccessToken> | undefined;
  #flightIsForced = false;

  constructor(ports: SlotPorts, ask: AskNow) {
    this.#ports = ports;
    this.#ask = ask;
  }

  /**
   * The token, if there is one that may still be served; asks for the next one in the background once it is time.
   * @param needed what it must have been granted for
   */
  serve(needed: readonly string[] = []): AccessToken | undefined {
    const now = this.#ports.clock.monotonic();
    const held = this.#held;
    if (held === undefined || now >= held.usableUntil) return undefined;
    if (needed.some((scope) => !held.token.scopes.includes(scope))) return undefined;
    if (this.#flight === undefined && now >= this.#refreshAt) this.#start(true);
    return held.token;
  }

  /**
   * A new token, by the flight under way or a new one.
   * @param forced whether a flight that was not itself forced is too old to wait for
   */
  next(forced: boolean, signal: AbortSignal | null | undefined): Promise<AccessToken> {
    let flight = this.#flight;
    if (flight === undefined || flight.ended || (forced && !this.#flightIsForced)) {
      flight?.castOff();
      flight = this.#start(false);
      this.#flightIsForced = forced;
    }
    return flight.join(signal);
  }

  /** Forgets the token, if it is this one or none is named, and whatever the flight under way may bring. */
  drop(accessToken?: string): void {
    if (accessToken !== undefined && accessToken !== this.#held?.token.accessToken) return;
    this.#held = undefined;
    const flight = this.#flight;
    this.#flight = undefined;
    flight?.castOff();
  }

  #start(unattended: boolean): Flight<AccessToken> {
    const flight: Flight<AccessToken> = new Flight(async (signal) => {
      try {
        const held = hold(await this.#ask(signal, unattended), this.#ports.random);
        if (this.#land(flight)) {
          this.#held = held;
          this.#refreshAt = held.refreshAt;
        }
        return held.token;
      } catch (error) {
        const now = this.#ports.clock.monotonic();
        // The token that is still held serves a while before the next background refresh.
        const rest = Math.min(MOST_PAUSE_MS, ((this.#held?.usableUntil ?? now) - now) / 2);
        if (this.#land(flight)) this.#refreshAt = now + rest;
        throw error;
      }
    }, unattended);
    this.#flight = flight;
    this.#flightIsForced = false;
    return flight;
  }

  /** Ends a flight; whether it was the current one, whose outcome counts. */
  #land(flight: Flight<AccessToken>): boolean {
    const isCurrent = this.#flight === flight;
    if (isCurrent) this.#flight = undefined;
    return isCurrent;
  }
}
