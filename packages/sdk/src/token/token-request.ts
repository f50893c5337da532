import { tokenPath } from "@carnet/protocol/endpoints";
import type { TokenRequest } from "@carnet/protocol/token-request";
import { BODY_LIMIT } from "../http/answer-facts.ts";
import { readBounded } from "../http/bounded-body.ts";
import { type Exchange, exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import { withRetries } from "../http/retries.ts";
import type { RequestOptions } from "../settings/options.ts";
import { timeLimit } from "../settings/retry-config.ts";
import type { Security } from "../settings/security.ts";
import { baseURL } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import type { Answer } from "./answer.ts";
import type { BearerToken } from "./bearer-token.ts";
import { parseToken } from "./parse-token.ts";
import { refusalError } from "./refusal-error.ts";

const FORM = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
const TIMEOUT_MS = 30_000;

/** A token and a lower bound for the start of its lifetime. */
export interface Grant {
  readonly token: BearerToken;
  /** When the request was sent, on the monotonic clock. */
  readonly sentAt: number;
}

/** The parameters of one token request. */
export interface Ask {
  readonly security: Security;
  /** The scopes, space-separated. Empty for all scopes of the client. */
  readonly scope: string;
  readonly options: RequestOptions;
}

/**
 * Requests a token with one form POST, retried according to the policy. It follows no redirect.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2 RFC 6749 §4.4.2}
 */
export async function requestToken(settings: Settings, ask: Ask): Promise<Grant> {
  const { options, scope, security } = ask;
  const url = endpoint(settings, options.serverURL);
  const form = formOf(ask);
  const secret = security.clientSecret;
  const call: Exchange<Answer> = {
    input: url,
    url,
    init: {
      method: "POST",
      headers: headersOf(settings.headers, FORM, options.headers),
      body: form.toString(),
      redirect: "manual",
      signal: options.signal ?? null,
    },
    fields: [...form.keys()],
    secret,
    timeoutMs: timeLimit(options.timeoutMs ?? settings.timeoutMs ?? TIMEOUT_MS),
    async read(response, signal) {
      const { status, headers } = response;
      const { content } = await readBounded(response, BODY_LIMIT, signal);
      return { status, headers, text: await content.text(), secret };
    },
  };
  let sentAt = 0;
  const attempt = (): Promise<Answer> => {
    sentAt = settings.clock.monotonic();
    return exchange(settings, call);
  };
  const answer = await withRetries(settings, { options, idempotent: true, attempt });
  if (answer.status >= 400) throw refusalError(answer);
  const token = parseToken(answer, scope);
  settings.expiry(answer.headers);
  return { token, sentAt };
}

function formOf({ security, scope }: Ask): URLSearchParams {
  return new URLSearchParams({
    grant_type: "client_credentials",
    client_id: security.clientId,
    client_secret: security.clientSecret,
    ...(scope && { scope }), // RFC 6749 §3.2: an empty parameter counts as absent.
  } satisfies TokenRequest);
}

/** The token endpoint. If the call names another server, the default path on that server. */
function endpoint({ tokenURL, allowInsecureHTTP }: Settings, serverURL: RequestOptions["serverURL"]): string {
  return serverURL === undefined ? tokenURL : baseURL("serverURL", serverURL, allowInsecureHTTP) + tokenPath;
}
