/** Every reason to refuse an admin operation. `next` is what the caller does about it, for docs/reference/errors.md. */
export const problems = {
  malformed: {
    status: 400,
    title: "The request is malformed",
    next: "send one JSON object in UTF-8, and an `Idempotency-Key` of visible ASCII",
  },
  unauthorized: {
    status: 401,
    title: "An admin token is required",
    next: "request a new token with an admin client, and send it as `Authorization: Bearer`",
  },
  insufficient_scope: {
    status: 403,
    title: "The admin token lacks the required scope",
    next: "use an admin client that has the scope in `WWW-Authenticate`",
  },
  insufficient_role: {
    status: 403,
    title: "The role of the admin client does not allow this",
    next: "ask whom `detail` names, or use an admin client with that role; `carnet whoami` shows yours",
  },
  policy: {
    status: 403,
    title: "The policy of the owner does not allow this",
    next: "correct what `errors` lists, or ask whom `detail` names to change the policy",
  },
  not_found: {
    status: 404,
    title: "Not found",
    next: "check the path and the ids in it; `GET /admin/v1/clients` lists clients",
  },
  method_not_allowed: {
    status: 405,
    title: "The path does not support this method",
    next: "use a method that the Allow header lists",
  },
  taken: { status: 409, title: "The id or name is taken", next: "choose another, or change what has it" },
  no_journal: {
    status: 409,
    title: "This node has no journal to read",
    next: "the journal goes to standard output: search the lines where you keep them, and check them with `carnet audit verify --input`",
  },
  in_use: {
    status: 409,
    title: "The scope or owner is in use",
    next: "remove the scope from its clients first, or transfer the clients of the owner",
  },
  rotation_in_progress: {
    status: 409,
    title: "A rotation of the pepper is in progress",
    next: "wait until the deadline in `detail`; `carnet pepper status` shows the progress",
  },
  last_admin: {
    status: 409,
    title: "The last platform admin must stay",
    next: "make another admin first: `carnet admin create CLIENT_ID --role admin`",
  },
  key_state: {
    status: 409,
    title: "The state of the signing key does not allow this",
    next: "see the states with `carnet key list`, and do what `detail` says",
  },
  too_many_secrets: {
    status: 409,
    title: "The client has too many live secrets",
    next: "revoke a secret that is no longer used",
  },
  repeated: {
    status: 409,
    title: "The same request is already in progress",
    next: "send it again with the same `Idempotency-Key`; if it stays refused, look up what was created",
  },
  changed: {
    status: 412,
    title: "The client or owner was changed since it was read",
    next: "read it again, and send its new `ETag`",
  },
  too_large: { status: 413, title: "The body is too large", next: "split it: the limit is 4 MiB" },
  unsupported_media_type: {
    status: 415,
    title: "The Content-Type is not supported",
    next: "send the Content-Type that `detail` names",
  },
  invalid: {
    status: 422,
    title: "Some fields or parameters are invalid",
    next: "correct what `errors` lists",
  },
  idempotency_key_reused: {
    status: 422,
    title: "The Idempotency-Key was used for a different request",
    next: "use a new key for a new request",
  },
  fault: {
    status: 500,
    title: "The service failed",
    next: "give the operator the `request_id`, under which the log has the fault",
  },
  unavailable: {
    status: 503,
    title: "The service is temporarily unavailable",
    next: "nothing was changed: try again after the seconds in Retry-After",
  },
} as const satisfies Readonly<
  Record<string, { readonly status: number; readonly title: string; readonly next: string }>
>;

export type ProblemKind = keyof typeof problems;
