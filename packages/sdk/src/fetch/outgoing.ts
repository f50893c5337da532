import { invalid } from "../errors/invalid-request-error.ts";
import type { Exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { timeLimit } from "../settings/retry-config.ts";
import { baseURL, checkURL, onServer } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import type { Body } from "./body.ts";
import type { FetchInit } from "./fetch-init.ts";

/** One authorised call, ready but for its token; its input is the caller's `Request` until a redirect leaves it. */
export interface Outgoing extends Exchange<Response> {
  readonly init: Omit<FetchInit, "headers"> & { readonly method: string; readonly headers: Headers };
  /** What the caller wants of redirects; the transport follows none. */
  readonly redirect: RequestRedirect;
  /** How many redirects were followed before it. */
  readonly hops: number;
  /** Whether its body can be sent again. */
  readonly repeatable: boolean;
}

/** What the caller asked for, its body looked at. */
export interface Asked {
  readonly input: string | URL | Request;
  readonly init: FetchInit;
  readonly body: Body;
}

/**
 * Makes a call ready.
 * @throws {InvalidRequestError} for an address that no token may be sent to, or what no request can be made of
 */
export function outgoing(settings: Settings, { input, init, body }: Asked): Outgoing {
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

/** The address on the server; one elsewhere must be of a listed origin. */
function target(settings: Settings, input: string, serverURL: FetchInit["serverURL"]): string {
  const { allowInsecureHTTP, origins } = settings;
  // A path after the server's own address cannot lead elsewhere, so that it need not be parsed here.
  if (input[0] === "/" && serverURL === undefined) return settings.serverURL + input;
  const base = serverURL === undefined ? settings.serverURL : baseURL("serverURL", serverURL, allowInsecureHTTP);
  const { origin, href } = checkURL("input", onServer(base, input), allowInsecureHTTP);
  if (origins.has(origin)) return href;
  throw invalid("input", `is of ${origin}, not in \`allowedOrigins\``);
}
