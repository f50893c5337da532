import type { RequestOptions } from "./settings/options.ts";
import type { TokenRequest } from "./token/ask-for-token.ts";
import type { BearerToken } from "./token/bearer-token.ts";

/** The IAM operations. */
export interface Iam {
  /**
   * Always requests a new token from the server. Use `sdk.token()` for a cached one.
   * @throws {IamError} {@link SDKError} {@link ResponseValidationError} {@link ConnectionError}
   * {@link RequestTimeoutError} {@link RequestAbortedError} {@link InvalidRequestError}
   */
  tokenRequest(request?: TokenRequest, options?: RequestOptions): Promise<BearerToken>;
}
