import { invalid } from "../errors/invalid-request-error.ts";
import type { Exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { isRequest } from "../http/request-kind.ts";
import { timeLimit } from "../settings/retry-config.ts";
import { baseURL, checkURL, onServer } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import type { FetchInit } from "./fetch-init.ts";

/** One authorised call, complete except for its token. `input` is the caller's `Request` until a redirect replaces it. */
export interface Outgoing extends Exchange<Response> {
  readonly init: Omit<FetchInit, "headers"> & Exchange<Response>["init"];
  /** The caller's redirect mode. The transport itself follows none. */
  readonly redirect: RequestRedirect;
  /** How many redirects led to this call. */
  readonly hops: number;
  /** Whether its body can be sent again. */
  readonly repeatable: boolean;
}

/**
 * Prepares a call, except for the body of a `Request`.
 * @throws {InvalidRequestError} if no token may be sent to the URL, or if the request is invalid
 */
export function outgoing(settings: Settings, input: string | URL | Request, init: FetchInit): Outgoing {
  const request = isRequest(input) ? input : undefined;
  const own = init.headers ?? request?.headers;
  const url = target(settings, request?.url ?? String(input), init.serverURL);
  return {
    // A custom fetch may not recognise this class of Request.
    input: settings.usesRuntimeFetch && request instanceof Request ? request : url,
    url,
    read: (answer) => answer,
    init: {
      ...init,
      method: init.method ?? request?.method ?? "GET",
      headers: own ? headersOf(settings.headers, own) : settings.headers,
      signal: init.signal ?? request?.signal ?? null,
      redirect: "manual",
    },
    redirect: init.redirect ?? request?.redirect ?? "follow",
    repeatable: true,
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
