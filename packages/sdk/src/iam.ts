import { type SDKCore, settingsOf } from "./sdk-core.ts";
import type { RequestOptions } from "./settings/options.ts";
import { askForToken, type TokenRequest } from "./token/ask-for-token.ts";
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
    return askForToken(settingsOf(this.#core), request, options);
  }
}
