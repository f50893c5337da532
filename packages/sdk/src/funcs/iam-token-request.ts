import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import type { Result } from "../result.ts";
import { type SDKCore, settingsOf } from "../sdk-core.ts";
import type { RequestOptions } from "../settings/options.ts";
import { askForToken, type TokenRequest } from "../token/ask-for-token.ts";
import type { BearerToken } from "../token/bearer-token.ts";
import { resultOf } from "./result-of.ts";

/** Asks the server for a new token, always; gives what `sdk.iam.tokenRequest` returns or throws as a value. */
export function iamTokenRequest(
  core: SDKCore,
  request?: TokenRequest,
  options?: RequestOptions,
): Promise<Result<BearerToken, AnyCarnetError>> {
  return resultOf(async () => askForToken(settingsOf(core), request, options));
}
