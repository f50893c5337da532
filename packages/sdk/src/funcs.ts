/** The SDK as functions that return results. Each works with an `SDKCore`, which every `SDK` is. */
export type { FetchInit } from "./fetch/fetch-init.ts";
export { authorizedFetch } from "./funcs/authorized-fetch.ts";
export { iamTokenRequest, type TokenRequest } from "./funcs/iam-token-request.ts";
export { invalidateToken, token } from "./funcs/token.ts";
export type { Result } from "./result.ts";
export { SDKCore } from "./sdk-core.ts";
export type { TokenOptions } from "./token/token-source.ts";
