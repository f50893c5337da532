import { authorizedFetch } from "./fetch/authorized-fetch.ts";
import type { FetchInit } from "./fetch/fetch-init.ts";
import type { Iam } from "./iam.ts";
import { SDKCore, settingsOf } from "./sdk-core.ts";
import { askForToken } from "./token/ask-for-token.ts";
import type { AccessToken } from "./token/bearer-token.ts";
import { cachedToken, dropToken, type TokenOptions } from "./token/cached-token.ts";

/**
 * A client of a token service and of the API behind it.
 *
 * ```ts
 * import { SDK } from "@carnet/sdk";
 *
 * await using sdk = new SDK();
 * const answer = await sdk.fetch("/health/live");
 * console.log(answer.status);
 * ```
 */
export class SDK extends SDKCore {
  /** The IAM operations. */
  readonly iam: Iam = {
    tokenRequest: async (request, options) => askForToken(settingsOf(this), request, options),
  };

  /**
   * A token from the cache, or a new one: shared by all callers at the same time, renewed in the background before it
   * ends. It does not check that the server granted what was asked for, unless `requireScopes` is set.
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
    return cachedToken(settingsOf(this), options);
  }

  /** Forgets one cached token, say because an API refused it, or all; an answer under way is not kept either. */
  invalidateToken(accessToken?: string): void {
    dropToken(settingsOf(this), accessToken);
  }

  /**
   * `fetch`, authorised: a path is taken on the server; the token, `X-Version` and the user agent are added; failures
   * that pass are tried again; on 401 it asks for a new token and repeats once. An answer of any status is returned, as
   * `fetch` does. It can be handed to other clients as their `fetch`. A redirect is followed only to where a token may go.
   *
   * ```ts
   * import { SDK } from "@carnet/sdk";
   *
   * await using sdk = new SDK();
   * const answer = await sdk.fetch("/openapi.json", { timeoutMs: 5_000, retries: 2 });
   * console.log(answer.status, await answer.json());
   * ```
   * @throws {InvalidRequestError} for an address of an origin that is neither the server's nor listed
   * @throws {ResponseValidationError} for a redirect that must not be followed
   * @throws {ConnectionError} {@link RequestTimeoutError} {@link RequestAbortedError}, and whatever `token` throws
   */
  readonly fetch = (input: string | URL | Request, init?: FetchInit): Promise<Response> =>
    authorizedFetch(this, input, init);
}
