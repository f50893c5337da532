import { invalid } from "../errors/invalid-request-error.ts";
import { baseURL, onServer, parseURL } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import { badHeaders } from "../token/token-request.ts";
import { type Body, bodyOf } from "./body.ts";
import type { FetchInit } from "./fetch-init.ts";

/** One authorised call, ready but for its token. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  /** The caller's headers, if there are any. */
  readonly headers: Headers | undefined;
  readonly body: Body;
  readonly redirect: RequestRedirect;
  /** The caller's `Request`, whose other members count. */
  readonly request: Request | undefined;
  readonly signal: AbortSignal | undefined;
  /** The caller's init, whose other members count. */
  readonly init: FetchInit;
}

/**
 * Makes a call ready.
 * @throws {InvalidRequestError} for an address that no token may be sent to, or what no request can be made of
 */
export async function outgoing(settings: Settings, input: string | URL | Request, init: FetchInit): Promise<Outgoing> {
  const request = input instanceof Request ? input : undefined;
  const method = init.method ?? request?.method ?? "GET";
  return {
    url: target(settings, request?.url ?? String(input), init.serverURL),
    method,
    headers: headersOf(init.headers ?? request?.headers),
    body: await bodyOf(request, init, method),
    redirect: init.redirect ?? request?.redirect ?? "follow",
    request,
    signal: init.signal ?? (init.signal === null ? undefined : request?.signal),
    init,
  };
}

/** The address on the server; one elsewhere must be of a listed origin. */
function target(settings: Settings, input: string, serverURL: FetchInit["serverURL"]): URL {
  const { allowInsecureHTTP, origins } = settings;
  const base = serverURL === undefined ? settings.serverURL : baseURL("serverURL", serverURL, allowInsecureHTTP);
  const url = parseURL(onServer(base, input));
  if (url === undefined) throw invalid("input", "is no URL");
  if (url.username !== "" || url.password !== "") throw invalid("input", "holds a user or a password, as no URL may");
  if (!origins.has(url.origin)) {
    throw invalid("input", `is of ${url.origin}, where the token may not be sent: list that in \`allowedOrigins\``);
  }
  return url;
}

function headersOf(given: RequestInit["headers"]): Headers | undefined {
  if (given === undefined) return undefined;
  try {
    return new Headers(given);
  } catch {
    throw badHeaders();
  }
}
