import { invalid } from "../errors/invalid-request-error.ts";
import type { Exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { timeLimit } from "../settings/retry-config.ts";
import { baseURL, checkURL, onServer } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import type { Body } from "./body.ts";
import type { FetchInit } from "./fetch-init.ts";

/** One authorised call, complete except for its token. `input` is the caller's `Request` until a redirect replaces it. */
export interface Outgoing extends Exchange<Response> {
  readonly init: Omit<FetchInit, "headers"> & { readonly method: string; readonly headers: Headers };
  /** The caller's redirect mode. The transport itself follows none. */
  readonly redirect: RequestRedirect;
  /** How many redirects led to this call. */
  readonly hops: number;
  /** Whether its body can be sent again. */
  readonly repeatable: boolean;
}

/** The caller's arguments and the request body. */
export interface CallInput {
  readonly input: string | URL | Request;
  readonly init: FetchInit;
  readonly body: Body;
}

/**
 * Prepares a call.
 * @throws {InvalidRequestError} if no token may be sent to the URL, or if the request is invalid
 */
export function outgoing(settings: Settings, { input, init, body }: CallInput): Outgoing {
  const request = input instanceof Request ? input : undefined;
  const { repeatable, content } = body;
  const own = init.headers ?? request?.headers;
  const url = target(settings, request?.url ?? String(input), init.serverURL);
  return {
    input: request ?? url,
    url,
    secret: "",
    read: (answer) => answer,
    init: {
      ...init,
      ...content,
      method: init.method ?? request?.method ?? "GET",
      headers: own ? headersOf(settings.headers, own) : settings.headers,
      signal: init.signal ?? request?.signal ?? null,
      redirect: "manual",
      retries: repeatable ? init.retries : 0,
    },
    redirect: init.redirect ?? request?.redirect ?? "follow",
    repeatable,
    hops: 0,
    timeoutMs: timeLimit(init.timeoutMs ?? settings.timeoutMs),
  };
}

/** Resolves the URL on the server. Any other origin must be in `allowedOrigins`. */
function target(settings: Settings, input: string, serverURL: FetchInit["serverURL"]): string {
  const { allowInsecureHTTP, origins } = settings;
  // Fast path: appending a path cannot change the origin, so there is nothing to parse.
  if (input[0] === "/" && serverURL === undefined) return settings.serverURL + input;
  const base = serverURL === undefined ? settings.serverURL : baseURL("serverURL", serverURL, allowInsecureHTTP);
  const { origin, href } = checkURL("input", onServer(base, input), allowInsecureHTTP);
  if (origins.has(origin)) return href;
  throw invalid("input", `has origin ${origin}, not in \`allowedOrigins\``);
}
