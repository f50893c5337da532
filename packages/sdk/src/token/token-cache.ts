import { link } from "../http/limit.ts";
import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { requestToken } from "./token-request.ts";
import { type TokenSlot, tokenSlot } from "./token-slot.ts";
import { refusesClient } from "./with-security.ts";

const MAX_SLOTS = 256;

/** The tokens of one client at one token URL, keyed by sorted scopes. Evicts the oldest when full. */
export interface TokenCache {
  /** A cached token granted for at least these scopes. If it expires soon, it is renewed in the background. */
  serve(scopes: readonly string[]): AccessToken | undefined;
  /** A cached token, or a new one that concurrent callers share. `forced` skips the cache. */
  get(
    scopes: readonly string[],
    forced: boolean,
    signal: AbortSignal | null | undefined,
  ): AccessToken | Promise<AccessToken>;
  /** Drops one token, or all of them. Pending responses are not cached either. */
  drop(accessToken?: string): void;
}

export function tokenCache(settings: Settings, security: Security): TokenCache {
  const slots = new Map<string, TokenSlot>();

  const serve = (scopes: readonly string[]): AccessToken | undefined => {
    const exact = slots.get(scopes.join(" "))?.serve(); // Unambiguous: a scope has no space (RFC 6749 §3.3).
    // No scopes means all scopes of the client. A token for named scopes may have fewer.
    if (exact || scopes.length === 0) return exact;
    for (const slot of slots.values()) {
      const held = slot.serve(scopes);
      if (held) return held;
    }
    return undefined;
  };

  const newSlot = (scope: string): TokenSlot =>
    tokenSlot(settings, async (signal, inBackground) => {
      const linked = link(signal, settings.closing);
      try {
        return await requestToken(settings, { security, scope, options: linked });
      } catch (error) {
        // After a refusal in the background no caller is there to load rotated credentials.
        if (inBackground && refusesClient(error)) settings.security.afterRefusal(security).catch(() => {});
        throw error;
      } finally {
        linked.release();
      }
    });

  return {
    serve,
    get(scopes, forced, signal) {
      const held = forced ? undefined : serve(scopes);
      if (held) return held;
      const key = scopes.join(" ");
      const slot = slots.get(key) ?? newSlot(key);
      for (const [oldest] of slots) if (slots.size >= MAX_SLOTS) slots.delete(oldest);
      slots.set(key, slot);
      return slot.next(forced, signal);
    },
    drop(accessToken) {
      for (const slot of slots.values()) slot.drop(accessToken);
    },
  };
}
