import { type InvalidRequestError, invalid } from "../errors/invalid-request-error.ts";
import { discard } from "../http/bounded-body.ts";
import { exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { withoutQuery } from "../http/http-client.ts";
import { withRetries } from "../http/retries.ts";
import { scrubber } from "../redaction/scrub.ts";
import { summarise } from "../redaction/summarise.ts";
import { timeLimit } from "../settings/retry-config.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "../token/bearer-token.ts";
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
    const token = await cachedToken(settings, { scopes, requireScopes, signal });
    const response = await withRetries<Response>(settings, {
      options: { retries, retryCodes: init.retryCodes, signal },
      idempotent: IDEMPOTENT.test(method),
      discard,
      attempt: () => follow(settings, call, { token, timeoutMs }),
    });
    if (response.status !== 401 || isRepeat) return response;
    dropToken(settings, token.accessToken);
    if (!call.repeatable) return response;
    discard(response);
  }
}

interface Terms {
  readonly token: AccessToken;
  readonly timeoutMs: number | undefined;
}

/** Sends one call and follows where it is sent within the allowed origins. */
async function follow(settings: Settings, first: Outgoing, { token, timeoutMs }: Terms): Promise<Response> {
  let call = first;
  for (let hops = 0; ; hops++) {
    const { url, init, request } = call;
    const current = call;
    const response = await exchange<Response>(settings, {
      input: request?.url === url ? request : url,
      init: { ...init, headers: authorised(settings, token, init.headers) },
      url: withoutQuery(url),
      scrub: scrubber([token.accessToken]),
      timeoutMs,
      read: (answer) => answer,
      unsendable: () => unsendable(current),
    });
    const next = redirected(settings, call, { response, hops });
    if (next === undefined) return response;
    call = next;
  }
}

const kept = new WeakMap<AccessToken, Headers>();

/** The headers of a call; where the caller gave none they are made once a token, as checking a long one takes time. */
function authorised(settings: Settings, token: AccessToken, own: RequestInit["headers"]): Headers {
  const known = own ? undefined : kept.get(token);
  if (known) return known;
  const headers = headersOf(own ?? settings.headers, { authorization: `Bearer ${token.accessToken}` });
  if (!own) kept.set(token, headers);
  return headers;
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
