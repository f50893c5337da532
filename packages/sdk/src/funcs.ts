/** The SDK as functions that return results instead of throwing. Each takes an `SDKCore`; an `SDK` is one. */

export type { Result } from "@carnet/protocol/result";
export type { FetchInit } from "./fetch/fetch-init.ts";
export { authorizedFetch } from "./funcs/authorized-fetch.ts";
export { iamTokenRequest } from "./funcs/iam-token-request.ts";
export { invalidateToken, token } from "./funcs/token.ts";
export { SDKCore } from "./sdk-core.ts";
export type { TokenRequest } from "./token/ask-for-token.ts";
export type { TokenOptions } from "./token/cached-token.ts";
