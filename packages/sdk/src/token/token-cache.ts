import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { requestToken } from "./token-request.ts";
import { type AskNow, TokenSlot } from "./token-slot.ts";
import { refusesClient } from "./with-security.ts";

const MOST_SLOTS = 256;

/** What a token is wanted for. */
export interface Wanted {
  /** The credentials; a source gives the same object for as long as they are the same. */
  readonly security: Security;
  /** Sorted and each once; empty for all that the client has. */
  readonly scopes: readonly string[];
  /** Whether one that is at hand will not do. */
  readonly forced: boolean;
  readonly signal: AbortSignal | null | undefined;
}

/**
 * The tokens of one SDK, and so of one token URL, for one client id and secret at a time, since others come only after a
 * refusal of these; keyed by scope set. The oldest go when there are too many.
 */
export class TokenCache {
  readonly #settings: Settings;
  #owner: Security | undefined;
  #slots = new Map<string, TokenSlot>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A token at hand that was granted for these scopes or more; one that ages is renewed in the background. */
  serve(security: Security, scopes: readonly string[]): AccessToken | undefined {
    const slots = this.#slotsOf(security);
    const exact = slots.get(scopes.join(" "))?.serve(); // Unambiguous, as no scope holds a space (RFC 6749 §3.3).
    // All that the client has: only a token asked for so will do.
    if (exact !== undefined || scopes.length === 0) return exact;
    for (const slot of slots.values()) {
      const held = slot.serve(scopes);
      if (held !== undefined) return held;
    }
    return undefined;
  }

  /** A token at hand, unless it is forced, else the one that all wait for. */
  get({ security, scopes, forced, signal }: Wanted): AccessToken | Promise<AccessToken> {
    const held = forced ? undefined : this.serve(security, scopes);
    if (held !== undefined) return held;
    const key = scopes.join(" ");
    const slots = this.#slotsOf(security);
    const slot = slots.get(key) ?? new TokenSlot(this.#settings, this.#asker(security, key));
    for (const [oldest] of slots) if (slots.size >= MOST_SLOTS) slots.delete(oldest);
    slots.set(key, slot);
    return slot.next(forced, signal);
  }

  /** Forgets one token, or all; answers that are still on their way are not kept. */
  drop(accessToken?: string): void {
    for (const slot of this.#slots.values()) slot.drop(accessToken);
  }

  /** The slots of one pair of credentials; a source gives the same object for as long as they are the same. */
  #slotsOf(security: Security): Map<string, TokenSlot> {
    if (this.#owner !== security) this.#slots = new Map();
    this.#owner = security;
    return this.#slots;
  }

  #asker(security: Security, scope: string): AskNow {
    const settings = this.#settings;
    return async (signal, unattended) => {
      const either = AbortSignal.any([signal, settings.closing]);
      try {
        return await requestToken(settings, { security, scope, options: { signal: either } });
      } catch (error) {
        // Nobody else would ask for rotated credentials after a refusal in the background.
        if (unattended && refusesClient(error)) settings.security.afterRefusal(security).catch(() => {});
        throw error;
      }
    };
  }
}
