import type { Result } from "@carnet/protocol/result";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { type SDKCore, settingsOf } from "../sdk-core.ts";
import type { RequestOptions } from "../settings/options.ts";
import { askForToken, type TokenRequest } from "../token/ask-for-token.ts";
import type { BearerToken } from "../token/bearer-token.ts";
import { resultOf } from "./result-of.ts";

/** Like `sdk.iam.tokenRequest`: always requests a new token, but returns a result instead of throwing. */
export function iamTokenRequest(
  core: SDKCore,
  request?: TokenRequest,
  options?: RequestOptions,
): Promise<Result<BearerToken, AnyCarnetError>> {
  return resultOf(async () => askForToken(settingsOf(core), request, options));
}
