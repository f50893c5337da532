/** Why a token is not valid. For logs: the caller is not told. */
export type InvalidReason =
  | "too_long"
  | "malformed"
  | "type"
  | "algorithm"
  | "unknown_key"
  | "signature"
  | "issuer"
  | "audience"
  | "expired"
  | "not_yet_valid"
  | "claims"
  | "revoked"
  | "inactive";

/** The JSON body of a refusal. */
export interface FailureBody {
  /** An OAuth error code. */
  readonly error: string;
  /** A sentence for people. */
  readonly error_description: string;
}

/** The parts in which one failure's answer differs from another's. */
interface Answer {
  readonly status: number;
  /** What the caller is told. Undefined when it sent no token at all. */
  readonly body: FailureBody | undefined;
  /** The parameters of the challenge besides those of the body. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly retryAfter?: number;
}

/**
 * The base class of every error that `verify` throws. It is also the answer: a status, the `WWW-Authenticate` challenge and
 * a body. No part of it contains a token or a secret. `message` is for your log.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3 RFC 6750 §3}
 */
export abstract class GuardError extends Error {
  /** A stable name for the kind of failure: the name of the class. Branch on it. */
  abstract get code(): string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The body of the answer. Undefined if the request had no token. */
  readonly body: FailureBody | undefined;
  /** After how many seconds the caller may try again. Undefined if that would not help. */
  readonly retryAfter: number | undefined;
  readonly #parameters: Readonly<Record<string, string>>;
  #resourceMetadata: string | undefined;

  /** Called by the subclasses. */
  constructor(message: string, { status, body, parameters = {}, retryAfter }: Answer) {
    super(message);
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
    this.#parameters = parameters;
  }

  /** The code. */
  override get name(): string {
    return this.code;
  }

  /** The value of `WWW-Authenticate`. Undefined for a 503, because the token may be good. */
  get challenge(): string | undefined {
    if (this.status === 503) return undefined;
    // RFC 9728 §5.1: resource_metadata tells the client where to learn which server issues tokens for this API
    const metadata = this.#resourceMetadata === undefined ? {} : { resource_metadata: this.#resourceMetadata };
    // RFC 6750 §3: at least one parameter
    const parameters = Object.entries({ realm: "api", ...this.body, ...this.#parameters, ...metadata });
    return `Bearer ${parameters.map(([name, value]) => `${name}="${value}"`).join(", ")}`;
  }

  /** The headers of the answer. */
  get headers(): Readonly<Record<string, string>> {
    const { challenge, retryAfter, body } = this;
    return {
      "Cache-Control": "no-store",
      ...(body && { "Content-Type": "application/json" }),
      ...(challenge !== undefined && { "WWW-Authenticate": challenge }),
      ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
    };
  }

  /** The answer for a `fetch` handler. */
  toResponse(): Response {
    const { status, headers, body } = this;
    return new Response(body && JSON.stringify(body), { status, headers: { ...headers } });
  }

  /** Names the API's protected resource metadata in the challenge (RFC 9728 §5.1). Called by the guard. */
  withResourceMetadata(url: string | undefined): this {
    this.#resourceMetadata = url;
    return this;
  }
}

/**
 * The request has no bearer token.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3.1 RFC 6750 §3.1}
 */
export class TokenMissing extends GuardError {
  constructor() {
    // RFC 6750 §3.1: without authentication information, the answer should have no error code
    super("The request has no bearer token. Send it as `Authorization: Bearer <token>`.", {
      status: 401,
      body: undefined,
    });
  }

  get code() {
    return "TokenMissing" as const;
  }
}

/** The token fails a check. `reason` says which one, for your log. */
export class TokenInvalid extends GuardError {
  /** The check that failed. */
  readonly reason: InvalidReason;

  constructor(reason: InvalidReason, message: string) {
    // The same words for every reason: a stranger does not learn which check failed.
    const error_description = "The access token is expired, revoked, malformed or not for this API.";
    super(message, { status: 401, body: { error: "invalid_token", error_description } });
    this.reason = reason;
  }

  get code() {
    return "TokenInvalid" as const;
  }
}

/** The request sends its token in a way that is not accepted. */
export class RequestInvalid extends GuardError {
  constructor(message: string) {
    super(message, { status: 400, body: { error: "invalid_request", error_description: message } });
  }

  get code() {
    return "RequestInvalid" as const;
  }
}

/** The token is valid, but has not all scopes that the operation needs. */
export class ScopeInsufficient extends GuardError {
  /** All scopes that the operation needs. */
  readonly scopes: readonly string[];

  constructor(scopes: readonly string[]) {
    const scope = scopes.join(" ");
    const error_description = "The access token does not have every scope that this operation needs.";
    const body = { error: "insufficient_scope", error_description };
    super(`The token does not have every scope of: ${scope}`, { status: 403, body, parameters: { scope } });
    this.scopes = scopes;
  }

  get code() {
    return "ScopeInsufficient" as const;
  }
}

const unavailable = (error_description: string) =>
  ({ status: 503, body: { error: "temporarily_unavailable", error_description }, retryAfter: 5 }) as const;

/** The issuer's keys or its introspection cannot be reached, and nothing that was fetched earlier may be used. */
export class IssuerUnavailable extends GuardError {
  constructor(message: string) {
    super(message, unavailable("The token cannot be verified now. Try again later."));
  }

  get code() {
    return "IssuerUnavailable" as const;
  }
}

/** The newest revocations that the guard holds are older than `staleAfter`, and `onStale` is `refuse`. */
export class RevocationsStale extends GuardError {
  constructor(message: string) {
    super(message, unavailable("It is not known whether the token was revoked. Try again later."));
  }

  get code() {
    return "RevocationsStale" as const;
  }
}

/** Every error that `verify` throws; `switch` on its `code`. */
export type GuardFailure =
  | TokenMissing
  | TokenInvalid
  | RequestInvalid
  | ScopeInsufficient
  | IssuerUnavailable
  | RevocationsStale;
