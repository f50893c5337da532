import { ConnectionError } from "../errors/connection-error.ts";
import { type InvalidRequestError, invalid } from "../errors/invalid-request-error.ts";
import { discard } from "../http/bounded-body.ts";
import { exchange } from "../http/exchange.ts";
import { withRetries } from "../http/retries.ts";
import { scrubber } from "../redaction/scrub.ts";
import { summarise } from "../redaction/summarise.ts";
import { bounded, retryPolicy } from "../settings/retry-config.ts";
import type { Settings } from "../settings/settings.ts";
import { cachedToken, dropToken } from "../token/token-source.ts";
import type { FetchInit } from "./fetch-init.ts";
import { type Outgoing, outgoing } from "./outgoing.ts";
import { isRedirect, redirected } from "./redirects.ts";

const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i; // RFC 9110 §9.2.2, less TRACE, which fetch forbids.

/** `fetch` with the server's address, a token, retries and all that `SDK.fetch` says. */
export async function authorizedFetch(
  settings: Settings,
  input: string | URL | Request,
  init: FetchInit = {},
): Promise<Response> {
  const call = await outgoing(settings, input, init);
  const { scopes, requireScopes } = init;
  const wanted = { scopes, requireScopes, signal: call.signal };
  const { accessToken } = await cachedToken(settings, wanted);
  const response = await send(settings, { call, init, accessToken });
  if (response.status !== 401) return response;
  dropToken(settings, accessToken);
  if (!call.body.repeatable) return response;
  discard(response);
  const next = await cachedToken(settings, wanted);
  return await send(settings, { call, init, accessToken: next.accessToken });
}

interface Sending {
  readonly call: Outgoing;
  readonly init: FetchInit;
  readonly accessToken: string;
}

/** Sends one call with one token, trying again as the policy says. */
function send(settings: Settings, { call, init, accessToken }: Sending): Promise<Response> {
  const { timeoutMs = settings.timeoutMs } = init;
  const limit = timeoutMs === undefined ? undefined : bounded("timeoutMs", timeoutMs, 1);
  const policy = retryPolicy(init.retries, init.retryCodes, settings.retries);
  return withRetries(settings, {
    policy: call.body.repeatable ? policy : { ...policy, maxRetries: 0 },
    idempotent: IDEMPOTENT.test(call.method),
    signal: call.signal,
    discard,
    attempt: () => follow(settings, call, { accessToken, timeoutMs: limit }),
  });
}

interface Terms {
  readonly accessToken: string;
  readonly timeoutMs: number | undefined;
}

/** Sends one call and follows where it is sent within the allowed origins. */
async function follow(settings: Settings, first: Outgoing, terms: Terms): Promise<Response> {
  let call = first;
  for (let hops = 0; ; hops++) {
    const response = await once(settings, call, terms);
    const next = isRedirect(response) ? redirected(settings, call, { response, hops }) : undefined;
    if (next === undefined) return response;
    call = next;
  }
}

async function once(settings: Settings, call: Outgoing, { accessToken, timeoutMs }: Terms): Promise<Response> {
  const { url, method, body, request, signal } = call;
  const init: RequestInit & { method: string; duplex?: "half" } = {
    ...call.init,
    method,
    headers: headersFor(settings, call, accessToken),
    redirect: "manual", // Where a redirect goes is looked at before the token is.
    signal: signal ?? null,
  };
  if (body.content !== undefined) {
    init.body = body.content;
    if (!body.repeatable) init.duplex = "half";
  }
  const input = request === undefined || request.url !== url.href ? url.href : request;
  try {
    return await exchange(settings, {
      input,
      init,
      url: url.origin + url.pathname,
      scrub: scrubber([accessToken]),
      timeoutMs,
      read: async (response) => response,
    });
  } catch (error) {
    throw error instanceof ConnectionError ? (unsendable(url, init) ?? error) : error;
  }
}

/** `fetch` fails with the same TypeError for what it cannot send and for what got no answer; this tells them apart. */
function unsendable(url: URL, init: RequestInit): InvalidRequestError | undefined {
  try {
    new Request(url, { ...init, body: null, signal: null });
    return undefined;
  } catch (error) {
    return invalid("init", "makes no request that can be sent: see the cause", summarise(error));
  }
}

function headersFor(
  { apiVersion, userAgent }: Settings,
  { headers }: Outgoing,
  accessToken: string,
): Headers | Record<string, string> {
  const authorization = `Bearer ${accessToken}`;
  if (headers === undefined) return { authorization, "user-agent": userAgent, "x-version": apiVersion };
  const all = new Headers(headers);
  all.set("authorization", authorization);
  if (!all.has("user-agent")) all.set("user-agent", userAgent);
  if (!all.has("x-version")) all.set("x-version", apiVersion);
  return all;
}
