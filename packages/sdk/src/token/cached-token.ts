import { InsufficientScopeError } from "../errors/insufficient-scope-error.ts";
import { aborted } from "../http/pause.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { TokenCache } from "./token-cache.ts";
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

const caches = new WeakMap<Settings, TokenCache>();

/** The cached token of an SDK, at once where it is at hand; see `SDK.token`. */
export function cachedToken(settings: Settings, options: TokenOptions = {}): AccessToken | Promise<AccessToken> {
  const { signal, forceRefresh: forced = false } = options;
  const scopes = options.scopes === undefined ? settings.scopes : scopeSet(options.scopes).sort();
  if (signal?.aborted) throw aborted(signal);
  let cache = caches.get(settings);
  if (!cache) caches.set(settings, (cache = new TokenCache(settings)));
  const { current } = settings.security;
  const held = current && !forced ? cache.serve(current, scopes) : undefined;
  const check = (token: AccessToken): AccessToken => {
    const missing = options.requireScopes ? scopes.filter((scope) => !token.scopes.includes(scope)) : [];
    if (missing.length === 0) return token;
    throw new InsufficientScopeError(`Not granted: ${missing.join(" ")}.`, { missing, granted: token.scopes });
  };
  if (held) return check(held);
  return withSecurity(settings, signal, (security) => cache.get({ security, scopes, forced, signal })).then(check);
}

/** Forgets one token, or all, of an SDK. */
export function dropToken(settings: Settings, accessToken?: string): void {
  caches.get(settings)?.drop(accessToken);
}
