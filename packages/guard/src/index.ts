/** The public API of `@carnet/guard`. */

export type { AccessToken } from "./access-token.ts";
export {
  type FailureBody,
  GuardError,
  type GuardFailure,
  type InvalidReason,
  IssuerUnavailable,
  RequestInvalid,
  RevocationsStale,
  ScopeInsufficient,
  TokenInvalid,
  TokenMissing,
} from "./errors.ts";
export { createGuard, type Guard, type Requirements } from "./guard.ts";
export type { GuardOptions, IntrospectionOptions, RevocationOptions } from "./options.ts";
export type { IncomingRequest, TokenSource } from "./token-source.ts";
export type { OnWarning, Warning } from "./warning.ts";
