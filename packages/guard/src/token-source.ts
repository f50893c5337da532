import { RequestInvalid, TokenMissing } from "./errors.ts";

/** The parts of a request that `verify` reads. A `Request` and the requests of Node, Express and Fastify have them. */
export interface IncomingRequest {
  /** A `Headers` object, or Node's object with lower-case names. */
  readonly headers: { get(name: string): string | null } | Readonly<Record<string, unknown>>;
  /** Node's list of names and values. It shows a repeated `Authorization`, which Node's `headers` hides. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** The URL or the path, to refuse tokens in the query. */
  readonly url?: string | undefined;
  /** A parsed form, to refuse tokens in it. A body that is not a form is ignored. */
  readonly body?: unknown;
}

/** A request, or the token itself. */
export type TokenSource = string | IncomingRequest;

/**
 * Takes the token out of a request.
 * @throws {TokenMissing} @throws {RequestInvalid}
 */
export function readToken(source: TokenSource): string {
  if (typeof source === "string") {
    if (source === "") throw new TokenMissing();
    return source;
  }
  // RFC 6750 §2: not more than one method in one request. The other two methods (§2.2, §2.3) are never accepted.
  if (hasTokenInQuery(source.url) || hasTokenInForm(source))
    throw new RequestInvalid("Send the access token in the Authorization header only, not in the query or the body.");
  const header = authorizationOf(source);
  if (header === undefined || !/^Bearer(?![^ ,])/i.test(header)) throw new TokenMissing();
  const token = header.slice("Bearer".length).trimStart();
  // RFC 6750 §2.1: one token. Its characters are not looked at here, because one that was verified before has the right ones.
  if (token === "" || token.includes(" ") || token.includes(","))
    throw new RequestInvalid("The Authorization header must be `Bearer` and one token.");
  return token;
}

function authorizationOf({ headers, rawHeaders }: IncomingRequest): string | undefined {
  let count = 0;
  for (let at = 0; at < (rawHeaders?.length ?? 0); at += 2) {
    const name = rawHeaders?.[at];
    if (name?.length === 13 && name.toLowerCase() === "authorization") count++;
  }
  if (count > 1) throw new RequestInvalid("The request has more than one Authorization header. Send one.");
  const value = isHeaders(headers) ? headers.get("authorization") : headers["authorization"];
  return typeof value === "string" ? value : undefined;
}

const isHeaders = (headers: IncomingRequest["headers"]): headers is { get(name: string): string | null } =>
  typeof headers["get"] === "function";

function hasTokenInQuery(url: string | undefined): boolean {
  const query = url?.indexOf("?") ?? -1;
  return query >= 0 && new URLSearchParams(url?.slice(query)).has("access_token");
}

/** RFC 6750 §2.2: only a form can carry a token. */
function hasTokenInForm(request: IncomingRequest): boolean {
  const { body, headers } = request;
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, "access_token")) return false;
  const type = isHeaders(headers) ? headers.get("content-type") : headers["content-type"];
  return /^application\/x-www-form-urlencoded\b/i.test(String(type));
}
