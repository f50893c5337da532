import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import type { Result } from "../result.ts";
import { type SDKCore, settingsOf } from "../sdk-core.ts";
import type { AccessToken } from "../token/bearer-token.ts";
import { cachedToken, dropToken, type TokenOptions } from "../token/cached-token.ts";
import { resultOf } from "./result-of.ts";

/** A cached token; gives what `sdk.token` returns or throws as a value. */
export function token(core: SDKCore, options?: TokenOptions): Promise<Result<AccessToken, AnyCarnetError>> {
  return resultOf(async () => cachedToken(settingsOf(core), options));
}

/** Forgets one cached token, or all: what `sdk.invalidateToken` does. */
export function invalidateToken(core: SDKCore, accessToken?: string): void {
  dropToken(settingsOf(core), accessToken);
}
