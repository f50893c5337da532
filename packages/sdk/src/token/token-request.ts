import { InvalidRequestError } from "../errors/invalid-request-error.ts";
import { exchange } from "../http/exchange.ts";
import { withRetries } from "../http/retries.ts";
import { scrubber } from "../redaction/scrub.ts";
import { summarise } from "../redaction/summarise.ts";
import type { RequestOptions } from "../settings/options.ts";
import { TOKEN_PATH, tokenURL } from "../settings/resolve.ts";
import { bounded, retryPolicy } from "../settings/retry-config.ts";
import type { Security } from "../settings/security.ts";
import { baseURL } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import { readAnswer } from "./answer.ts";
import type { BearerToken } from "./bearer-token.ts";
import { granted } from "./granted.ts";
import { refused } from "./refused.ts";

const TIMEOUT_MS = 30_000;

/** A token and when its lifetime began, at the latest. */
export interface Grant {
  readonly token: BearerToken;
  /** When the request was sent, by the monotonic clock. */
  readonly sentAt: number;
}

/** What one token request asks for. */
export interface Ask {
  readonly security: Security;
  /** The scopes with spaces between; empty for all that the client has. */
  readonly scope: string;
  readonly options: RequestOptions;
}

/**
 * Asks for a token: one complete form POST, tried again as the policy says; it follows no redirect.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2 RFC 6749 §4.4.2}
 */
export async function requestToken(settings: Settings, { security, scope, options }: Ask): Promise<Grant> {
  const url = endpoint(settings, options.serverURL);
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: security.clientId });
  form.set("client_secret", security.clientSecret);
  if (scope !== "") form.set("scope", scope); // RFC 6749 §3.2: an empty parameter counts as absent.
  const scrub = scrubber([security.clientSecret]);
  const signal = options.signal ?? null;
  const init = { method: "POST", headers: headers(settings, options.headers), body: form.toString(), signal };
  const timeoutMs = bounded("timeoutMs", options.timeoutMs ?? settings.timeoutMs ?? TIMEOUT_MS, 1);
  const answer = await withRetries(settings, {
    policy: retryPolicy(options.retries, options.retryCodes, settings.retries),
    idempotent: true,
    signal,
    discard() {},
    attempt: () => {
      const sentAt = settings.clock.monotonic();
      return exchange(settings, {
        input: url,
        init: { ...init, redirect: "manual" },
        url: url.replace(/\?.*/s, ""),
        fields: [...form.keys()],
        scrub,
        timeoutMs,
        read: (response, until) => readAnswer(response, { sentAt, signal: until }),
      });
    },
  });
  if (answer.status >= 400) throw refused(answer, scrub);
  return { token: granted(answer, scope, scrub), sentAt: answer.sentAt };
}

/** The token endpoint; another server for one call has it at the usual path. */
function endpoint({ tokenURL: own, allowInsecureHTTP }: Settings, serverURL: RequestOptions["serverURL"]): string {
  if (serverURL === undefined) return own;
  return tokenURL(baseURL("serverURL", serverURL, allowInsecureHTTP) + TOKEN_PATH, allowInsecureHTTP);
}

function headers({ apiVersion, userAgent }: Settings, more: RequestOptions["headers"]): Headers {
  const all = new Headers({
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    "user-agent": userAgent,
    "x-version": apiVersion,
  });
  try {
    for (const [name, value] of new Headers(more)) all.set(name, value);
  } catch (error) {
    throw badHeaders(error);
  }
  return all;
}

/** The error for headers that no request can carry; the runtime's own message would show the value. */
export function badHeaders(error: unknown): InvalidRequestError {
  const { name, code } = summarise(error, () => "");
  const message = `headers holds a name or value that no HTTP header can carry (${code ?? name}).`;
  return new InvalidRequestError(message, { field: "headers" });
}
