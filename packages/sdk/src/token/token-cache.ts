import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { requestToken } from "./token-request.ts";
import { type TokenSlot, tokenSlot } from "./token-slot.ts";
import { refusesClient } from "./with-security.ts";

const MOST_SLOTS = 256;

/** The tokens of one client id and secret at one token URL, keyed by sorted scope set; the oldest go when there are too many. */
export interface TokenCache {
  /** A token at hand that was granted for these scopes or more; one that ages is renewed in the background. */
  serve(scopes: readonly string[]): AccessToken | undefined;
  /** A token at hand, unless one that is at hand will not do (`forced`), else the one that all wait for. */
  get(
    scopes: readonly string[],
    forced: boolean,
    signal: AbortSignal | null | undefined,
  ): AccessToken | Promise<AccessToken>;
  /** Forgets one token, or all; answers that are still on their way are not kept. */
  drop(accessToken?: string): void;
}

/** Makes an empty cache. */
export function tokenCache(settings: Settings, security: Security): TokenCache {
  const slots = new Map<string, TokenSlot>();

  const serve = (scopes: readonly string[]): AccessToken | undefined => {
    const exact = slots.get(scopes.join(" "))?.serve(); // Unambiguous, as no scope holds a space (RFC 6749 §3.3).
    // All that the client has: only a token asked for so will do.
    if (exact || scopes.length === 0) return exact;
    for (const slot of slots.values()) {
      const held = slot.serve(scopes);
      if (held) return held;
    }
    return undefined;
  };

  const newSlot = (scope: string): TokenSlot =>
    tokenSlot(settings, async (signal, unattended) => {
      const options = { signal: AbortSignal.any([signal, settings.closing]) };
      try {
        return await requestToken(settings, { security, scope, options });
      } catch (error) {
        // Nobody else would ask for rotated credentials after a refusal in the background.
        if (unattended && refusesClient(error)) settings.security.afterRefusal(security).catch(() => {});
        throw error;
      }
    });

  return {
    serve,
    get(scopes, forced, signal) {
      const held = forced ? undefined : serve(scopes);
      if (held) return held;
      const key = scopes.join(" ");
      const slot = slots.get(key) ?? newSlot(key);
      for (const [oldest] of slots) if (slots.size >= MOST_SLOTS) slots.delete(oldest);
      slots.set(key, slot);
      return slot.next(forced, signal);
    },
    drop(accessToken) {
      for (const slot of slots.values()) slot.drop(accessToken);
    },
  };
}
