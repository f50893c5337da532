import { InsufficientScopeError } from "../errors/insufficient-scope-error.ts";
import { startLimit } from "../http/limit.ts";
import { abortError } from "../http/pause.ts";
import { checkNames } from "../settings/names.ts";
import type { RequestOptions } from "../settings/options.ts";
import { type Parameters, parameterForm } from "../settings/parameters.ts";
import { bounded, timeLimit } from "../settings/retry-config.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "./bearer-token.ts";
import { type TokenCache, tokenCache } from "./token-cache.ts";
import { withSecurity } from "./with-security.ts";

/** The options for getting a cached token. */
export interface TokenOptions extends Pick<RequestOptions, "retries" | "retryCodes"> {
  /** The scopes to request. Default: those of the SDK, else all scopes of the client. */
  readonly scopes?: Scopes | undefined;
  /** Further parameters of the token request, such as `audience`. Each replaces the SDK's parameter of that name. */
  readonly parameters?: Parameters | undefined;
  /** How many seconds a cached token must still be valid; one with less is renewed first. A new token is not checked. */
  readonly minValidity?: number | undefined;
  /** Whether to request a new token even if one is cached. */
  readonly forceRefresh?: boolean | undefined;
  /** Whether to throw if the server grants fewer scopes than requested. */
  readonly requireScopes?: boolean | undefined;
  /** The time limit of the whole wait in milliseconds, retries included. It ends the wait of this caller only. */
  readonly timeoutMs?: number | undefined;
  /** Aborts the wait of this caller only. */
  readonly signal?: AbortSignal | null | undefined;
}

const NAMES: Record<keyof TokenOptions, 1> = {
  scopes: 1,
  parameters: 1,
  minValidity: 1,
  forceRefresh: 1,
  requireScopes: 1,
  timeoutMs: 1,
  signal: 1,
  retries: 1,
  retryCodes: 1,
};

/** One cache per credentials object. A source returns the same object until the credentials change. */
const caches = new WeakMap<Security, TokenCache>();

/** Implements `SDK.token`. Returns without a promise if a token is cached. */
export function checkedToken(settings: Settings, options: TokenOptions = {}): AccessToken | Promise<AccessToken> {
  checkNames(options, NAMES);
  return cachedToken(settings, options);
}

/** Like {@link checkedToken}, but ignores unknown options, which belong to `fetch`. */
export function cachedToken(settings: Settings, options: TokenOptions): AccessToken | Promise<AccessToken> {
  const { signal, forceRefresh: forced = false, minValidity = 0, retries, retryCodes } = options;
  const scopes = options.scopes === undefined ? settings.scopes : scopeSet(options.scopes).sort();
  const parameters = parameterForm(options.parameters, settings.parameters);
  const need = { scopes, parameters, minValidityMs: bounded("minValidity", minValidity, 0) * 1000 };
  const timeoutMs = timeLimit(options.timeoutMs);
  if (signal?.aborted) throw abortError(signal);
  const check = (token: AccessToken): AccessToken => {
    const missing = options.requireScopes ? scopes.filter((scope) => !token.scopes.includes(scope)) : [];
    if (missing.length === 0) return token;
    throw new InsufficientScopeError(`Not granted: ${missing.join(" ")}.`, { missing, granted: token.scopes });
  };
  const held = forced ? undefined : cacheOf(settings)?.serve(need);
  if (held) return check(held);
  const wait = limited(settings, { signal, timeoutMs }, (end) =>
    withSecurity(settings, end, (security) => {
      const cache = caches.get(security) ?? tokenCache(settings, security);
      caches.set(security, cache);
      return cache.get(need, forced, { signal: end, retries, retryCodes });
    }),
  );
  return wait.then(check);
}

/** Waits within the caller's signal and time limit. */
async function limited<T>(
  settings: Settings,
  { signal, timeoutMs }: Pick<TokenOptions, "signal" | "timeoutMs">,
  wait: (end: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = startLimit(settings, signal, timeoutMs);
  try {
    return await wait(limit.signal);
  } catch (error) {
    throw limit.error(settings.tokenURL) ?? error;
  } finally {
    limit.end();
  }
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
