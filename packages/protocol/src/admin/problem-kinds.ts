/** Every reason why an admin operation is not carried out. */
export const problems = {
  malformed: { status: 400, title: "The request cannot be read" },
  unauthorized: { status: 401, title: "An admin token is needed" },
  insufficient_scope: { status: 403, title: "The admin token does not allow this" },
  not_found: { status: 404, title: "There is no such thing" },
  method_not_allowed: { status: 405, title: "The path does not take this method" },
  taken: { status: 409, title: "The name is taken" },
  in_use: { status: 409, title: "It is in use" },
  too_many_secrets: { status: 409, title: "The client has too many live secrets" },
  repeated: { status: 409, title: "The same request is being answered" },
  changed: { status: 412, title: "It was changed in between" },
  too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The Content-Type is not one that is read here" },
  invalid: { status: 422, title: "Some of the request cannot be taken as it is" },
  idempotency_key_reused: { status: 422, title: "The Idempotency-Key was used for another request" },
  fault: { status: 500, title: "The service failed" },
  unavailable: { status: 503, title: "The service cannot answer at the moment" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ProblemKind = keyof typeof problems;
