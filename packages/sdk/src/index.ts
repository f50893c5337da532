/** The public API of `@carnet/sdk`. The same operations as functions are in `@carnet/sdk/funcs`. */

export type { Result } from "@carnet/protocol/result";
export type { Clock } from "./clock.ts";
export type { AnyCarnetError } from "./errors/any-carnet-error.ts";
export { CarnetError } from "./errors/carnet-error.ts";
export { ConnectionError } from "./errors/connection-error.ts";
export { IamError } from "./errors/iam-error.ts";
export { InsufficientScopeError } from "./errors/insufficient-scope-error.ts";
export { InvalidRequestError } from "./errors/invalid-request-error.ts";
export { RequestAbortedError } from "./errors/request-aborted-error.ts";
export { RequestTimeoutError } from "./errors/request-timeout-error.ts";
export { ResponseValidationError } from "./errors/response-validation-error.ts";
export { SDKError } from "./errors/sdk-error.ts";
export type { FetchInit } from "./fetch/fetch-init.ts";
export type { DebugEvent, DebugLogger } from "./http/debug.ts";
export type { DeprecationNotice, OnDeprecation } from "./http/deprecation.ts";
export { type Fetch, HTTPClient, type HTTPClientHooks, type HTTPTransport } from "./http/http-client.ts";
export type { Iam } from "./iam.ts";
export { SDK } from "./sdk.ts";
export type { RequestOptions, SDKHooks, SDKOptions } from "./settings/options.ts";
export type { RetryCode, RetryConfig } from "./settings/retry-config.ts";
export type { Scopes } from "./settings/scopes.ts";
export type { Security, SecurityOption } from "./settings/security.ts";
export { type Region, SERVERS } from "./settings/server-url.ts";
export type { TokenRequest } from "./token/ask-for-token.ts";
export type { AccessToken, BearerToken } from "./token/bearer-token.ts";
export type { TokenOptions } from "./token/cached-token.ts";
export type { ExpiryWarning, OnExpiryWarning } from "./token/expiry-warning.ts";
