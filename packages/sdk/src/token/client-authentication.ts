import { RequestAbortedError } from "../errors/request-aborted-error.ts";
import { exchange } from "../http/exchange.ts";
import { headersOf } from "../http/headers-of.ts";
import type { AuthenticationMethod } from "../settings/client-authentication.ts";
import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import { type Answer, membersOf, readAnswer } from "./answer.ts";
import { refusalError } from "./refusal-error.ts";
import { refusesClient } from "./with-security.ts";

/** A token endpoint and how it is asked. */
export interface Endpoint {
  readonly url: string;
  /** The URL of the server, below which its metadata is, without a trailing slash. */
  readonly server: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | null;
  /** Sends the token request. The caller remembers the method once a token came. */
  send(method: AuthenticationMethod): Promise<Answer>;
}

/**
 * Sends a token request with the method that the endpoint takes. With `auto` it starts with `body`. If the credentials are
 * refused, it repeats the request once with `basic`, provided that the answer or the metadata calls for it.
 */
export async function sendAuthenticated(settings: Settings, endpoint: Endpoint): Promise<Answer> {
  const { clientAuthentication, methods } = settings;
  const { url, send } = endpoint;
  const known = clientAuthentication === "auto" ? methods.get(url) : clientAuthentication;
  const first = await send(known ?? "body");
  if (known || !isRefused(first)) return first;
  const isChallenge = /(^|,)\s*Basic\b/i.test(first.headers.get("www-authenticate") ?? "");
  const published = isChallenge ? undefined : await publishedMethod(settings, endpoint);
  if (published) methods.set(url, published);
  return isChallenge || published === "basic" ? send("basic") : first;
}

function isRefused(answer: Answer): boolean {
  return answer.status >= 400 && refusesClient(refusalError(answer));
}

/** The header for `basic`. Both parts are form-encoded first (RFC 6749 §2.3.1). */
export function basicHeader({ clientId, clientSecret }: Security): { authorization: string } {
  const [id, secret] = [clientId, clientSecret].map((part) => `${new URLSearchParams({ "": part })}`.slice(1));
  return { authorization: `Basic ${btoa(`${id}:${secret}`)}` };
}

/**
 * The method that the server's metadata names. `body` if there is no metadata, undefined if it cannot be read now. The
 * requests carry no credentials.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3.1 RFC 8414 §3.1}
 */
async function publishedMethod(settings: Settings, endpoint: Endpoint): Promise<AuthenticationMethod | undefined> {
  const { server, signal, timeoutMs } = endpoint;
  const { origin } = new URL(server);
  for (const url of [
    `${origin}/.well-known/oauth-authorization-server${server.slice(origin.length)}`,
    `${server}/.well-known/openid-configuration`,
  ]) {
    const headers = headersOf(settings.headers, { accept: "application/json" });
    const init = { method: "GET", headers, redirect: "manual", signal } as const;
    const read = (response: Response, end: AbortSignal | null | undefined) => readAnswer(response, end);
    const answer = await exchange(settings, { input: url, url, init, timeoutMs, read }).catch((error: unknown) => {
      if (error instanceof RequestAbortedError) throw error;
      return undefined;
    });
    if (!answer || answer.status === 429 || answer.status >= 500) return undefined;
    const members = answer.status === 200 ? membersOf(answer.text) : undefined;
    if (!members?.["token_endpoint"]) continue;
    // RFC 8414 §2: if omitted, the default is client_secret_basic.
    const methods = [members["token_endpoint_auth_methods_supported"] ?? "client_secret_basic"].flat();
    return methods.includes("client_secret_basic") && !methods.includes("client_secret_post") ? "basic" : "body";
  }
  return "body";
}
