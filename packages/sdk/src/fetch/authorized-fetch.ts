import { discard } from "../http/bounded-body.ts";
import { exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { isRequest } from "../http/request-kind.ts";
import { withRetries } from "../http/retries.ts";
import { type SDKCore, settingsOf } from "../sdk-core.ts";
import type { Settings } from "../settings/settings.ts";
import type { AccessToken } from "../token/bearer-token.ts";
import { cachedToken, dropToken } from "../token/cached-token.ts";
import { withBody } from "./body.ts";
import type { FetchInit } from "./fetch-init.ts";
import { outgoing } from "./outgoing.ts";
import { redirected } from "./redirects.ts";

const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i; // RFC 9110 §9.2.2, except TRACE, which fetch forbids.

/** Implements `SDK.fetch`: a token, retries, one repeat after 401, and redirects. */
export async function authorizedFetch(
  core: SDKCore,
  input: string | URL | Request,
  init: FetchInit = {},
): Promise<Response> {
  const settings = settingsOf(core);
  let call = outgoing(settings, input, init);
  const request = isRequest(input) ? input : undefined;
  if (init.body || request) call = await withBody(settings, call, request);
  const wait = { ...init, signal: call.init.signal };
  let isRepeat = false;
  for (;;) {
    const held = cachedToken(settings, wait);
    const token = held instanceof Promise ? await held : held;
    const headers = authorised(settings, token, call.init.headers);
    const sent = { ...call, init: { ...call.init, headers }, secret: token.accessToken };
    const response = await withRetries<Response>(settings, {
      options: call.init,
      idempotent: IDEMPOTENT.test(call.init.method),
      attempt: () => exchange(settings, sent),
    });
    if (response.status === 401 && !isRepeat) {
      isRepeat = true;
      dropToken(settings, token.accessToken);
      if (!call.repeatable) return response;
      discard(response);
    } else {
      const next = redirected(settings, sent, response);
      if (next === undefined) return response;
      call = next;
    }
  }
}

const headersByToken = new WeakMap<AccessToken, Headers>();

/** The headers of a call. Without caller headers they are built once per token, because validating a long one is slow. */
function authorised(settings: Settings, token: AccessToken, own: Headers): Headers {
  const isCommon = own === settings.headers;
  let headers = isCommon ? headersByToken.get(token) : undefined;
  headers ??= headersOf(own, { authorization: `Bearer ${token.accessToken}` });
  if (isCommon) headersByToken.set(token, headers);
  // A custom transport may modify the headers, so it gets a copy.
  return settings.usesRuntimeFetch ? headers : new Headers(headers);
}
