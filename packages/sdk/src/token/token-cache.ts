import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { requestToken } from "./token-request.ts";
import { type TokenSlot, tokenSlot, type WaitOptions } from "./token-slot.ts";
import { refusesClient } from "./with-security.ts";

const MAX_SLOTS = 256;

/** Which token a caller needs. */
export interface TokenNeed {
  /** Sorted. Empty for all scopes of the client. */
  readonly scopes: readonly string[];
  /** Further parameters of the token request, form-encoded. */
  readonly parameters: string;
  /** How long a cached token must still be valid. */
  readonly minValidityMs: number;
}

/**
 * The tokens of one client at one token URL, keyed by sorted scopes and further parameters. Evicts the oldest when full.
 */
export interface TokenCache {
  /** A cached token granted for at least these scopes. If it expires soon, it is renewed in the background. */
  serve(need: TokenNeed): AccessToken | undefined;
  /** A cached token, or a new one that concurrent callers share. `forced` skips the cache. */
  get(need: TokenNeed, forced: boolean, options: WaitOptions): AccessToken | Promise<AccessToken>;
  /** Drops one token, or all of them. Pending responses are not cached either. */
  drop(accessToken?: string): void;
}

export function tokenCache(settings: Settings, security: Security): TokenCache {
  const slots = new Map<string, TokenSlot>();

  const serve = (need: TokenNeed): AccessToken | undefined => {
    const { scopes, minValidityMs } = need;
    const exact = slots.get(keyOf(need))?.serve([], minValidityMs); // It may have fewer scopes, which a new one would also lack.
    // No scopes means all scopes of the client. A token for named scopes may have fewer.
    if (exact || scopes.length === 0) return exact;
    const suffix = keyOf({ ...need, scopes: [] });
    for (const [key, slot] of slots) {
      const held = key.endsWith(suffix) ? slot.serve(scopes, minValidityMs) : undefined;
      if (held) return held;
    }
    return undefined;
  };

  const newSlot = ({ scopes, parameters }: TokenNeed): TokenSlot =>
    tokenSlot(settings, async (signal, options) => {
      try {
        const ask = { security, scope: scopes.join(" "), parameters, options: { ...options, signal } };
        return await requestToken(settings, ask);
      } catch (error) {
        // After a refusal in the background no caller is there to load rotated credentials.
        if (!options && refusesClient(error)) settings.security.afterRefusal(security).catch(() => {});
        throw error;
      }
    });

  return {
    serve,
    get(need, forced, options) {
      const held = forced ? undefined : serve(need);
      if (held) return held;
      const key = keyOf(need);
      const slot = slots.get(key) ?? newSlot(need);
      for (const [oldest] of slots) if (slots.size >= MAX_SLOTS) slots.delete(oldest);
      slots.set(key, slot);
      return slot.next(forced, options);
    },
    drop(accessToken) {
      for (const slot of slots.values()) slot.drop(accessToken);
    },
  };
}

/** Unambiguous: a scope has no space (RFC 6749 §3.3), and encoded parameters have none either. */
function keyOf({ scopes, parameters }: TokenNeed): string {
  return `${scopes.join(" ")}  ${parameters}`;
}
