/**
 * Every way in which a token request can end without a token: the HTTP status and the `error` code of each.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export const refusals = {
  malformedRequest: { status: 400, error: "invalid_request" },
  bodyTooLarge: { status: 413, error: "invalid_request" },
  pathSunset: { status: 410, error: "invalid_request" },
  unsupportedGrantType: { status: 400, error: "unsupported_grant_type" },
  invalidClient: { status: 401, error: "invalid_client" },
  unauthorizedClient: { status: 400, error: "unauthorized_client" },
  invalidScope: { status: 400, error: "invalid_scope" },
  tooManyRequests: { status: 429, error: "temporarily_unavailable" },
  unavailable: { status: 503, error: "temporarily_unavailable" },
  fault: { status: 500, error: "server_error" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly error: string }>>;

export type RefusalKind = keyof typeof refusals;

export type TokenErrorCode = (typeof refusals)[RefusalKind]["error"];
