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
 * The tokens of one SDK, and so of one token URL, keyed by client id, secret and scope set. The oldest go when there
 * are too many.
 */
export class TokenCache {
  readonly #settings: Settings;
  readonly #slots = new Map<string, TokenSlot>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A token for these scopes or more, renewed in the background where it ages; else the one that all wait for. */
  get({ security, scopes, forced, signal }: Wanted): AccessToken | Promise<AccessToken> {
    const key = JSON.stringify([security.clientId, security.clientSecret, ...scopes]);
    let slot = this.#slots.get(key);
    const held = forced ? undefined : (slot?.serve() ?? this.#serveMore(security, scopes));
    if (held !== undefined) return held;
    if (slot === undefined) {
      for (const [oldest] of this.#slots) if (this.#slots.size >= MOST_SLOTS) this.#slots.delete(oldest);
      slot = new TokenSlot(this.#settings, security, this.#asker(security, scopes.join(" ")));
      this.#slots.set(key, slot);
    }
    return slot.next(forced, signal);
  }

  /** Forgets one token, or all; answers that are still on their way are not kept. */
  drop(accessToken?: string): void {
    for (const slot of this.#slots.values()) slot.drop(accessToken);
  }

  /** A token that was granted for all these scopes, whatever it was asked for. */
  #serveMore(security: Security, scopes: readonly string[]): AccessToken | undefined {
    if (scopes.length === 0) return undefined; // All that the client has: only a token asked for so will do.
    for (const slot of this.#slots.values()) {
      const held = slot.security === security ? slot.serve(scopes) : undefined;
      if (held !== undefined) return held;
    }
    return undefined;
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
