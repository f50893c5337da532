/**
 * Every kind of refusal of a request in which a client authenticates itself, with its HTTP status, its `error` code, and two texts for
 * docs/reference/errors.md: when it happens and what the caller does next. The text of each answer is where the refusal
 * is decided: in `core/src/token`, or for what HTTP itself refuses in `server/src/http/edge-refusals.ts`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export const refusals = {
  malformedRequest: {
    status: 400,
    error: "invalid_request",
    when: "a parameter is missing, repeated or malformed; the body or its Content-Type cannot be read; the request authenticates twice; the URL contains credentials or a token; the X-Version is invalid",
    next: "read error_description: it says what was seen and what is accepted",
  },
  unsupportedGrantType: {
    status: 400,
    error: "unsupported_grant_type",
    when: "the grant_type is not client_credentials",
    next: "send grant_type=client_credentials",
  },
  unauthorizedClient: {
    status: 400,
    error: "unauthorized_client",
    when: "the client may not use this authentication method, or tried to revoke a token of another client",
    next: "use the method that error_description names, or the credentials of the client that got the token",
  },
  invalidScope: {
    status: 400,
    error: "invalid_scope",
    when: "the scope is malformed, or none of it can be granted",
    next: "request scopes that the client is registered for, or leave scope out to get all of them",
  },
  invalidClient: {
    status: 401,
    error: "invalid_client",
    when: "no credentials; an unknown client; a wrong or expired secret; a client that is disabled, has expired, or may not call from this address. The answer is the same for all of them",
    next: "check the client id and secret, then give the operator the X-Request-ID: `carnet explain` tells the reason",
  },
  pathSunset: {
    status: 410,
    error: "invalid_request",
    when: "the deprecated path was used after its sunset",
    next: "send the same request to /oauth2/token",
  },
  bodyTooLarge: {
    status: 413,
    error: "invalid_request",
    when: "the body is larger than 64 KiB",
    next: "send only the parameters of the request",
  },
  fault: {
    status: 500,
    error: "server_error",
    when: "the service failed",
    next: "give the operator the X-Request-ID, under which the log has the fault",
  },
  unavailable: {
    status: 503,
    error: "temporarily_unavailable",
    when: "the service is stopping, cannot reach its store, cannot write its journal, or has just been told to revoke every token that it would issue now",
    next: "try again after the seconds in Retry-After",
  },
} as const satisfies Readonly<Record<string, RefusalFacts>>;

/** One row of the table of errors. */
export interface RefusalFacts {
  readonly status: number;
  readonly error: string;
  readonly when: string;
  readonly next: string;
}

export type RefusalKind = keyof typeof refusals;

export type TokenErrorCode = (typeof refusals)[RefusalKind]["error"];
