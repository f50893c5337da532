import type { AccessToken } from "./access-token.ts";
import type { GuardOptions } from "./options.ts";
import type { TokenSource } from "./token-source.ts";

/** What a request must be allowed to do. */
export interface Requirements {
  /** The token must have all of these scopes. */
  readonly scopes?: readonly string[] | undefined;
}

/** Verifies the access tokens that an API receives. Make one for each API and share it. */
export interface Guard {
  /** The issuer whose tokens are accepted. */
  readonly issuer: string;
  /** The identifiers of the API. The first one names it in protected resource metadata. */
  readonly audience: readonly string[];
  /** The URL of the API's protected resource metadata, as configured. */
  readonly resourceMetadata: string | undefined;
  /**
   * Verifies the token of a request, or a token itself. Does not read the body of a `Request`.
   * @throws {TokenMissing} The request has no token.
   * @throws {RequestInvalid} The request sends a token in its query, in its form, or more than once.
   * @throws {TokenInvalid} The token fails a check.
   * @throws {ScopeInsufficient} The token does not have all `scopes`.
   * @throws {IssuerUnavailable} The issuer's keys are not known and cannot be fetched.
   * @throws {RevocationsStale} The known revocations are too old.
   */
  verify(source: TokenSource, requirements?: Requirements): Promise<AccessToken>;
}

/** Creates a guard. It sends its first request when it verifies its first token. */
export function createGuard(options: GuardOptions): Guard {
  throw new Error(`not built yet: ${options.issuer}`);
}
