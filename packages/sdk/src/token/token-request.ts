import { tokenPath } from "@carnet/protocol/endpoints";
import type { TokenRequest } from "@carnet/protocol/token-request";
import { type Exchange, exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { withRetries } from "../http/retries.ts";
import type { AuthenticationMethod } from "../settings/client-authentication.ts";
import type { RequestOptions } from "../settings/options.ts";
import { timeLimit } from "../settings/retry-config.ts";
import type { Security } from "../settings/security.ts";
import { baseURL } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import { type Answer, readAnswer } from "./answer.ts";
import type { Grant } from "./bearer-token.ts";
import { basicHeader, sendAuthenticated } from "./client-authentication.ts";
import { parseToken } from "./parse-token.ts";
import { refusalError } from "./refusal-error.ts";

const FORM = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
const TIMEOUT_MS = 30_000;

/** The parameters of one token request. */
export interface Ask {
  readonly security: Security;
  /** The scopes, space-separated. Empty for all scopes of the client. */
  readonly scope: string;
  /** Further parameters, form-encoded. */
  readonly parameters: string;
  readonly options: RequestOptions;
}

/**
 * Requests a token with a form POST, retried according to the policy. It follows no redirect.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2 RFC 6749 §4.4.2}
 */
export async function requestToken(settings: Settings, ask: Ask): Promise<Grant> {
  const { clock, allowInsecureHTTP } = settings;
  const { options, security } = ask;
  const own = options.serverURL;
  const base = own === undefined ? settings.serverURL : baseURL("serverURL", own, allowInsecureHTTP);
  const url = own === undefined ? settings.tokenURL : base + tokenPath; // The SDK's tokenURL belongs to its own server.
  const signal = options.signal ?? null;
  const timeoutMs = timeLimit(options.timeoutMs ?? settings.timeoutMs ?? TIMEOUT_MS);
  let sent = { sentAt: 0, sentOn: 0 };
  let used: AuthenticationMethod = "body";
  const send = (method: AuthenticationMethod): Promise<Answer> => {
    used = method;
    const form = formOf(ask, method);
    const secret = security.clientSecret;
    const credentials = method === "basic" ? basicHeader(security) : {};
    const headers = headersOf(settings.headers, FORM, credentials, options.headers);
    const call: Exchange<Answer> = {
      input: url,
      url,
      init: { method: "POST", headers, body: form.toString(), redirect: "manual", signal },
      fields: [...form.keys()],
      secret,
      timeoutMs,
      read: (response, end) => readAnswer(response, end, secret),
    };
    const attempt = (): Promise<Answer> => {
      sent = { sentAt: clock.monotonic(), sentOn: clock.now() };
      return exchange(settings, call);
    };
    return withRetries(settings, { options, idempotent: true, attempt });
  };
  const server = url.startsWith(`${base}/`) ? base : new URL(url).origin;
  const answer = await sendAuthenticated(settings, { url, server, timeoutMs, signal, send });
  if (answer.status >= 400) throw refusalError(answer);
  const granted = parseToken(answer, ask.scope);
  settings.methods.set(url, used); // Not before: a maintenance page is a success too.
  settings.expiry(answer);
  return { ...granted, ...sent };
}

function formOf({ security, scope, parameters }: Ask, method: AuthenticationMethod): URLSearchParams {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    ...(method === "body" && { client_id: security.clientId, client_secret: security.clientSecret }),
    ...(scope && { scope }), // RFC 6749 §3.2: an empty parameter counts as absent.
  } satisfies Partial<TokenRequest>);
  for (const [name, value] of new URLSearchParams(parameters)) form.append(name, value);
  return form;
}
