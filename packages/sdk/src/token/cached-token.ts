import { InsufficientScopeError } from "../errors/insufficient-scope-error.ts";
import { aborted } from "../http/pause.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { type TokenCache, tokenCache } from "./token-cache.ts";
import { withSecurity } from "./with-security.ts";

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

/** One cache for each pair of credentials; a source gives the same object for as long as they are the same. */
const caches = new WeakMap<Security, TokenCache>();

/** The cached token of an SDK, at once where it is at hand; see `SDK.token`. */
export function cachedToken(settings: Settings, options: TokenOptions = {}): AccessToken | Promise<AccessToken> {
  const { signal, forceRefresh: forced = false } = options;
  const scopes = options.scopes === undefined ? settings.scopes : scopeSet(options.scopes).sort();
  if (signal?.aborted) throw aborted(signal);
  const check = (token: AccessToken): AccessToken => {
    const missing = options.requireScopes ? scopes.filter((scope) => !token.scopes.includes(scope)) : [];
    if (missing.length === 0) return token;
    throw new InsufficientScopeError(`Not granted: ${missing.join(" ")}.`, { missing, granted: token.scopes });
  };
  const held = forced ? undefined : cacheOf(settings)?.serve(scopes);
  if (held) return check(held);
  return withSecurity(settings, signal, (security) => {
    const cache = caches.get(security) ?? tokenCache(settings, security);
    caches.set(security, cache);
    return cache.get(scopes, forced, signal);
  }).then(check);
}

/** Forgets one token, or all, of an SDK. */
export function dropToken(settings: Settings, accessToken?: string): void {
  cacheOf(settings)?.drop(accessToken);
}

/** The cache for the credentials that are known without asking. */
function cacheOf({ security }: Settings): TokenCache | undefined {
  const current = security.current();
  return current && caches.get(current);
}
