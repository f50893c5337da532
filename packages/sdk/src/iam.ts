import { iamTokenRequest, type TokenRequest } from "./funcs/iam-token-request.ts";
import { unwrap } from "./funcs/unwrap.ts";
import type { SDKCore } from "./sdk-core.ts";
import type { RequestOptions } from "./settings/options.ts";
import type { BearerToken } from "./token/bearer-token.ts";

/** The IAM operations. */
export class Iam {
  readonly #core: SDKCore;

  constructor(core: SDKCore) {
    this.#core = core;
  }

  /**
   * Asks the server for a new token, always; `sdk.token()` is the one that caches.
   * @throws {IamError} {@link SDKError} {@link ResponseValidationError} {@link ConnectionError}
   * {@link RequestTimeoutError} {@link RequestAbortedError} {@link InvalidRequestError}
   */
  async tokenRequest(request?: TokenRequest, options?: RequestOptions): Promise<BearerToken> {
    return unwrap(await iamTokenRequest(this.#core, request, options));
  }
}
