import { ConnectionError } from "../errors/connection-error.ts";
import { type InvalidRequestError, invalid } from "../errors/invalid-request-error.ts";
import { discard } from "../http/bounded-body.ts";
import { exchange } from "../http/exchange.ts";
import { withRetries } from "../http/retries.ts";
import { scrubber } from "../redaction/scrub.ts";
import { summarise } from "../redaction/summarise.ts";
import { timeLimit } from "../settings/retry-config.ts";
import type { Settings } from "../settings/settings.ts";
import { cachedToken, dropToken } from "../token/cached-token.ts";
import type { FetchInit } from "./fetch-init.ts";
import { type Outgoing, outgoing } from "./outgoing.ts";
import { redirected } from "./redirects.ts";

const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i; // RFC 9110 §9.2.2, less TRACE, which fetch forbids.

/** `fetch` with the server's address, a token, retries and all that `SDK.fetch` says. */
export async function authorizedFetch(
  settings: Settings,
  input: string | URL | Request,
  init: FetchInit = {},
): Promise<Response> {
  const call = await outgoing(settings, input, init);
  const { scopes, requireScopes } = init;
  const timeoutMs = timeLimit(init.timeoutMs ?? settings.timeoutMs);
  const { method, signal } = call.init;
  const retries = call.repeatable ? init.retries : 0;
  for (let isRepeat = false; ; isRepeat = true) {
    const { accessToken } = await cachedToken(settings, { scopes, requireScopes, signal });
    const response = await withRetries<Response>(settings, {
      options: { retries, retryCodes: init.retryCodes, signal },
      idempotent: IDEMPOTENT.test(method),
      discard,
      attempt: () => follow(settings, call, { accessToken, timeoutMs }),
    });
    if (response.status !== 401 || isRepeat) return response;
    dropToken(settings, accessToken);
    if (!call.repeatable) return response;
    discard(response);
  }
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
    const next = redirected(settings, call, { response, hops });
    if (next === undefined) return response;
    call = next;
  }
}

async function once(settings: Settings, call: Outgoing, terms: Terms): Promise<Response> {
  const { url, init, request } = call;
  init.headers.set("authorization", `Bearer ${terms.accessToken}`);
  try {
    return await exchange(settings, {
      input: request?.url === url.href ? request : url.href,
      init,
      url: url.origin + url.pathname,
      scrub: scrubber([terms.accessToken]),
      timeoutMs: terms.timeoutMs,
      read: async (response) => response,
    });
  } catch (error) {
    throw error instanceof ConnectionError ? (unsendable(call) ?? error) : error;
  }
}

/** `fetch` fails with the same TypeError for what it cannot send and for what got no answer; this tells them apart. */
function unsendable({ url, init, repeatable }: Outgoing): InvalidRequestError | undefined {
  try {
    new Request(url, { ...init, body: repeatable ? (init.body ?? null) : null, signal: null });
    return undefined;
  } catch (error) {
    return invalid("init", "failed: see the cause", summarise(error));
  }
}
