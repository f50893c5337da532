/** The SDK as functions that return results. Each works with an `SDKCore`, which every `SDK` is. */
export { iamTokenRequest, type TokenRequest } from "./funcs/iam-token-request.ts";
export type { Result } from "./result.ts";
export { SDKCore } from "./sdk-core.ts";
