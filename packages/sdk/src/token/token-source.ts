import { InsufficientScopeError } from "../errors/insufficient-scope-error.ts";
import { aborted } from "../http/pause.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { TokenCache } from "./token-cache.ts";
import { requestToken } from "./token-request.ts";
import { refusesClient, withSecurity } from "./with-security.ts";

/** What a cached token is wanted for. */
export interface TokenOptions {
  /** The scopes that it must be asked for; by default those of the SDK, else all that the client has. */
  readonly scopes?: Scopes | undefined;
  /** Whether one that is at hand will not do. */
  readonly forceRefresh?: boolean | undefined;
  /** Whether being granted less than was asked for is an error. */
  readonly requireScopes?: boolean | undefined;
  /** Ends the wait of this caller alone. */
  readonly signal?: AbortSignal | null | undefined;
}

const caches = new WeakMap<Settings, TokenCache>();

/** The cached token of an SDK; see `SDK.token`. */
export function cachedToken(settings: Settings, options: TokenOptions = {}): AccessToken | Promise<AccessToken> {
  const { signal, forceRefresh = false, requireScopes = false } = options;
  const scopes = [...(options.scopes === undefined ? settings.scopes : scopeSet("scopes", options.scopes))].sort();
  if (signal?.aborted) throw aborted(signal);
  const cache = cacheOf(settings);
  const { current } = settings.security;
  const held = current === undefined || forceRefresh ? undefined : cache.peek({ security: current, scopes });
  const check = (token: AccessToken): AccessToken => (requireScopes ? sufficient(token, scopes) : token);
  if (held !== undefined) return check(held);
  return withSecurity(settings, signal, async (security) => {
    const ready = forceRefresh ? undefined : cache.peek({ security, scopes });
    return check(ready ?? (await cache.next({ security, scopes }, { forced: forceRefresh, signal })));
  });
}

/** Forgets one token, or all, of an SDK. */
export function dropToken(settings: Settings, accessToken?: string): void {
  caches.get(settings)?.drop(accessToken);
}

function cacheOf(settings: Settings): TokenCache {
  const known = caches.get(settings);
  if (known !== undefined) return known;
  const { closing, security: source, tokenURL } = settings;
  const cache = new TokenCache({
    ports: settings,
    tokenURL,
    asker:
      ({ security, scopes }) =>
      async (signal, unattended) => {
        const either = AbortSignal.any([signal, closing]);
        try {
          return await requestToken(settings, { security, scope: scopes.join(" "), options: { signal: either } });
        } catch (error) {
          // Nobody else would ask for the rotated credentials after a refusal in the background.
          if (unattended && refusesClient(error)) source.afterRefusal(security).catch(() => {});
          throw error;
        }
      },
  });
  caches.set(settings, cache);
  closing.addEventListener("abort", () => cache.drop(), { once: true });
  return cache;
}

function sufficient(token: AccessToken, needed: readonly string[]): AccessToken {
  const missing = needed.filter((scope) => !token.scopes.includes(scope));
  if (missing.length === 0) return token;
  throw new InsufficientScopeError(`The server did not grant the scope ${missing.join(" ")}.`, {
    missing,
    granted: token.scopes,
  });
}
