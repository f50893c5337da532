import type { Result } from "@carnet/protocol/result";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { type SDKCore, settingsOf } from "../sdk-core.ts";
import type { AccessToken } from "../token/bearer-token.ts";
import { checkedToken, dropToken, type TokenOptions } from "../token/cached-token.ts";
import { resultOf } from "./result-of.ts";

/** Like `sdk.token`, but returns a result instead of throwing. */
export function token(core: SDKCore, options?: TokenOptions): Promise<Result<AccessToken, AnyCarnetError>> {
  return resultOf(async () => checkedToken(settingsOf(core), options));
}

/** Drops one cached token, or all of them, like `sdk.invalidateToken`. */
export function invalidateToken(core: SDKCore, accessToken?: string): void {
  dropToken(settingsOf(core), accessToken);
}
