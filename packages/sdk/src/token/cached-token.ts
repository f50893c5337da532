import { InsufficientScopeError } from "../errors/insufficient-scope-error.ts";
import { abortError } from "../http/pause.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { type TokenCache, tokenCache } from "./token-cache.ts";
import { withSecurity } from "./with-security.ts";

/** The options for getting a cached token. */
export interface TokenOptions {
  /** The scopes to request. Default: those of the SDK, else all scopes of the client. */
  readonly scopes?: Scopes | undefined;
  /** Whether to request a new token even if one is cached. */
  readonly forceRefresh?: boolean | undefined;
  /** Whether to throw if the server grants fewer scopes than requested. */
  readonly requireScopes?: boolean | undefined;
  /** Aborts the wait of this caller only. */
  readonly signal?: AbortSignal | null | undefined;
}

/** One cache per credentials object. A source returns the same object until the credentials change. */
const caches = new WeakMap<Security, TokenCache>();

/** Implements `SDK.token`. Returns without a promise if a token is cached. */
export function cachedToken(settings: Settings, options: TokenOptions = {}): AccessToken | Promise<AccessToken> {
  const { signal, forceRefresh: forced = false } = options;
  const scopes = options.scopes === undefined ? settings.scopes : scopeSet(options.scopes).sort();
  if (signal?.aborted) throw abortError(signal);
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

/** Drops one cached token, or all of them. */
export function dropToken(settings: Settings, accessToken?: string): void {
  cacheOf(settings)?.drop(accessToken);
}

/** The cache of the current credentials, if they are known. */
function cacheOf({ security }: Settings): TokenCache | undefined {
  const current = security.current();
  return current && caches.get(current);
}
