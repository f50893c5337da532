import { authorizedFetch } from "./fetch/authorized-fetch.ts";
import type { FetchInit } from "./fetch/fetch-init.ts";
import type { Iam } from "./iam.ts";
import { SDKCore, settingsOf } from "./sdk-core.ts";
import { askForToken } from "./token/ask-for-token.ts";
import type { AccessToken } from "./token/bearer-token.ts";
import { checkedToken, dropToken, type TokenOptions } from "./token/cached-token.ts";

/**
 * A client for a token service and the APIs that accept its tokens.
 *
 * ```ts
 * import { SDK } from "@carnet/sdk";
 *
 * await using sdk = new SDK();
 * const response = await sdk.fetch("/health/live");
 * console.log(response.status);
 * ```
 */
export class SDK extends SDKCore {
  /** The IAM operations. */
  readonly iam: Iam = {
    tokenRequest: async (request, options) => askForToken(settingsOf(this), request, options),
  };

  /**
   * Returns a cached token or requests a new one. Concurrent callers share one request, and tokens are renewed in the
   * background before they expire. It checks that all requested scopes were granted only if `requireScopes` is set.
   *
   * ```ts
   * import { SDK } from "@carnet/sdk";
   *
   * await using sdk = new SDK();
   * const token = await sdk.token({ signal: AbortSignal.timeout(10_000) });
   * console.log(`granted: ${token.scope}`);
   * ```
   * @throws {InsufficientScopeError} and whatever `iam.tokenRequest` throws
   */
  async token(options?: TokenOptions): Promise<AccessToken> {
    return checkedToken(settingsOf(this), options);
  }

  /** Drops one cached token, for example after an API refused it, or all of them. A pending response is not cached either. */
  invalidateToken(accessToken?: string): void {
    dropToken(settingsOf(this), accessToken);
  }

  /**
   * An authorised `fetch`. It resolves paths on the server, adds the token, `X-Version` and the user agent, retries
   * transient failures, and repeats once with a new token after 401. Like `fetch`, it returns a response with any status,
   * so it can be passed to other clients as their `fetch`. It follows redirects only to allowed origins.
   *
   * ```ts
   * import { SDK } from "@carnet/sdk";
   *
   * await using sdk = new SDK();
   * const response = await sdk.fetch("/openapi.json", { timeoutMs: 5_000, retries: 2 });
   * console.log(response.status, await response.json());
   * ```
   * @throws {InvalidRequestError} if the URL's origin is neither the server's nor in `allowedOrigins`
   * @throws {ResponseValidationError} if a redirect must not be followed
   * @throws {ConnectionError} {@link RequestTimeoutError} {@link RequestAbortedError}, and whatever `token` throws
   */
  readonly fetch = (input: string | URL | Request, init?: FetchInit): Promise<Response> =>
    authorizedFetch(this, input, init);
}
