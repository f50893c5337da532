import { type InvalidRequestError, invalid } from "../errors/invalid-request-error.ts";
import { discard } from "../http/bounded-body.ts";
import { exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { withRetries } from "../http/retries.ts";
import { withoutQuery } from "../http/without-query.ts";
import { scrubber } from "../redaction/scrub.ts";
import { summarise } from "../redaction/summarise.ts";
import { type SDKCore, settingsOf } from "../sdk-core.ts";
import { timeLimit } from "../settings/retry-config.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "../token/bearer-token.ts";
import { cachedToken, dropToken } from "../token/cached-token.ts";
import { bodyOf, NO_BODY } from "./body.ts";
import type { FetchInit } from "./fetch-init.ts";
import { type Outgoing, outgoing } from "./outgoing.ts";
import { redirected } from "./redirects.ts";

const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i; // RFC 9110 §9.2.2, less TRACE, which fetch forbids.

/** `fetch` with the server's address, a token, retries and all that `SDK.fetch` says. */
export async function authorizedFetch(
  core: SDKCore,
  input: string | URL | Request,
  init: FetchInit = {},
): Promise<Response> {
  const settings = settingsOf(core);
  const body = init.body || input instanceof Request ? await bodyOf(input, init) : NO_BODY;
  const timeoutMs = timeLimit(init.timeoutMs ?? settings.timeoutMs);
  let call = outgoing(settings, { input, init, body });
  let isRepeat = false;
  for (let hops = 0; ; ) {
    const token = await cachedToken(settings, call.init);
    const response = await withRetries<Response>(settings, {
      options: call.init,
      idempotent: IDEMPOTENT.test(call.init.method),
      discard,
      attempt: () => send(settings, call, { token, timeoutMs }),
    });
    if (response.status === 401 && !isRepeat) {
      isRepeat = true;
      dropToken(settings, token.accessToken);
      if (!call.repeatable) return response;
      discard(response);
    } else {
      const next = redirected(settings, call, { response, hops: hops++ });
      if (next === undefined) return response;
      call = next;
    }
  }
}

interface Terms {
  readonly token: AccessToken;
  readonly timeoutMs: number | undefined;
}

function send(settings: Settings, call: Outgoing, { token, timeoutMs }: Terms): Promise<Response> {
  const { url, init, request } = call;
  return exchange<Response>(settings, {
    input: request?.url === url ? request : url,
    init: { ...init, headers: authorised(settings, token, init.headers) },
    url: withoutQuery(url),
    scrub: scrubber([token.accessToken]),
    timeoutMs,
    read: (answer) => answer,
    unsendable: () => unsendable(call),
  });
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
