import { systemClock, systemRandom } from "../clock.ts";
import { InvalidRequestError } from "../errors/invalid-request-error.ts";
import { DeprecationWatch } from "../http/deprecation.ts";
import { HTTPClient, type HTTPTransport } from "../http/http-client.ts";
import { VERSION } from "../version.ts";
import type { SDKHooks, SDKOptions } from "./options.ts";
import { bounded, retryPolicy } from "./retry-config.ts";
import { scopeSet } from "./scopes.ts";
import { SecuritySource } from "./security.ts";
import { baseURL, checkURL, chooseServer, onServer } from "./server-url.ts";
import type { Settings } from "./settings.ts";

/** Where the token endpoint of this product is. */
export const TOKEN_PATH = "/oauth2/token";

/**
 * Checks the options and fills them up.
 * @throws {InvalidRequestError} for the first option that cannot be used
 */
export function resolve(options: SDKOptions, closing: AbortSignal): Settings {
  const { allowInsecureHTTP = false, timeoutMs } = options;
  const serverURL = chooseServer(options);
  const origins = [serverURL, ...(options.allowedOrigins ?? []).map((each) => origin(each, allowInsecureHTTP))];
  return {
    serverURL,
    tokenURL: tokenURL(onServer(serverURL, options.tokenURL ?? TOKEN_PATH), allowInsecureHTTP),
    origins: new Set(origins.map((each) => new URL(each).origin)),
    allowInsecureHTTP,
    apiVersion: headerSafe("apiVersion", options.apiVersion ?? "2026-01-01"),
    userAgent: headerSafe("userAgent", options.userAgent ?? `carnet-sdk-typescript/${VERSION}`),
    scopes: scopeSet("scopes", options.scopes ?? []),
    security: new SecuritySource(options.security),
    client: transport(options.httpClient, options.hooks),
    retries: retryPolicy(options.retryConfig, options.retryCodes),
    timeoutMs: timeoutMs === undefined ? undefined : bounded("timeoutMs", timeoutMs, 1),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    debugLogger: options.debugLogger,
    deprecation: new DeprecationWatch(options.hooks?.onDeprecation),
    closing,
  };
}

/** A token endpoint's address; its query is the server's (RFC 6749 §3.2), a fragment would never be sent. */
export function tokenURL(value: string, allowInsecureHTTP: boolean): string {
  return checkURL("tokenURL", value, allowInsecureHTTP).href.replace(/#.*/s, "");
}

function origin(value: string | URL, allowInsecureHTTP: boolean): string {
  return baseURL("allowedOrigins", value, allowInsecureHTTP);
}

/** The SDK's own client, which carries the hooks and is the one that is closed, around the caller's. */
function transport(given: SDKOptions["httpClient"], hooks: SDKHooks = {}): HTTPTransport {
  const { beforeRequest, requestError, response } = hooks;
  const fetch = typeof given === "object" ? given.request.bind(given) : given;
  if (!beforeRequest && !requestError && !response)
    return typeof given === "object" ? given : new HTTPClient({ fetch });
  return new HTTPClient({ fetch, hooks });
}

function headerSafe(field: string, value: string): string {
  if (typeof value === "string" && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) return value;
  throw new InvalidRequestError(`${field} must be visible ASCII text.`, { field });
}
