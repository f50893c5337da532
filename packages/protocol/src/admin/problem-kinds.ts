/** Every reason to refuse an admin operation. */
export const problems = {
  malformed: { status: 400, title: "The request is malformed" },
  unauthorized: { status: 401, title: "An admin token is required" },
  insufficient_scope: { status: 403, title: "The admin token lacks the required scope" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "The path does not support this method" },
  taken: { status: 409, title: "The client_id is taken" },
  in_use: { status: 409, title: "The scope is in use" },
  too_many_secrets: { status: 409, title: "The client has too many live secrets" },
  repeated: { status: 409, title: "The same request is already in progress" },
  changed: { status: 412, title: "The client was changed since it was read" },
  too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The Content-Type is not supported" },
  invalid: { status: 422, title: "Some fields or parameters are invalid" },
  idempotency_key_reused: { status: 422, title: "The Idempotency-Key was used for a different request" },
  fault: { status: 500, title: "The service failed" },
  unavailable: { status: 503, title: "The service is temporarily unavailable" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ProblemKind = keyof typeof problems;
