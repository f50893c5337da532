/**
 * Every kind of refusal of a token request, with its HTTP status and `error` code. Each text is where the refusal is
 * decided: in `core/src/token`, or for what HTTP itself refuses in `server/src/http/edge-refusals.ts`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export const refusals = {
  malformedRequest: {
    status: 400,
    error: "invalid_request",
    when: "a parameter is missing, repeated or malformed; the body or its Content-Type cannot be read; the request authenticates twice; the URL contains credentials; the X-Version is invalid",
  },
  unsupportedGrantType: {
    status: 400,
    error: "unsupported_grant_type",
    when: "the grant_type is not client_credentials",
  },
  unauthorizedClient: {
    status: 400,
    error: "unauthorized_client",
    when: "the client may not use this authentication method",
  },
  invalidScope: {
    status: 400,
    error: "invalid_scope",
    when: "the scope is malformed, or none of it can be granted",
  },
  invalidClient: {
    status: 401,
    error: "invalid_client",
    when: "no credentials; an unknown client; a wrong or expired secret; a client that is disabled, has expired, or may not call from this address. The answer is the same for all of them",
  },
  pathSunset: { status: 410, error: "invalid_request", when: "the deprecated path was used after its sunset" },
  bodyTooLarge: { status: 413, error: "invalid_request", when: "the body is larger than 64 KiB" },
  tooManyRequests: { status: 429, error: "temporarily_unavailable", when: "too many requests; see Retry-After" },
  fault: { status: 500, error: "server_error", when: "the service failed" },
  unavailable: {
    status: 503,
    error: "temporarily_unavailable",
    when: "the service is stopping or cannot reach its store; see Retry-After",
  },
} as const satisfies Readonly<
  Record<string, { readonly status: number; readonly error: string; readonly when: string }>
>;

export type RefusalKind = keyof typeof refusals;

export type TokenErrorCode = (typeof refusals)[RefusalKind]["error"];
