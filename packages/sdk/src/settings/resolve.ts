import { tokenPath } from "@carnet/protocol/endpoints";
import { currentVersion } from "@carnet/protocol/versions";
import { systemClock, systemRandom } from "../clock.ts";
import { deprecationWatch } from "../http/deprecation.ts";
import { headersOf } from "../http/headers-of.ts";
import { HTTPClient, type HTTPTransport } from "../http/http-client.ts";
import { expiryWatch } from "../token/expiry-warning.ts";
import { VERSION } from "../version.ts";
import type { SDKHooks, SDKOptions } from "./options.ts";
import { retryPolicy, timeLimit } from "./retry-config.ts";
import { scopeSet } from "./scopes.ts";
import { securitySource } from "./security.ts";
import { checkURL, chooseServer, onServer } from "./server-url.ts";
import type { Settings } from "./settings.ts";

/**
 * Checks the options and applies the defaults.
 * @throws {InvalidRequestError} for the first invalid option
 */
export function resolve(options: SDKOptions, closing: AbortSignal): Settings {
  const { allowInsecureHTTP, hooks, allowedOrigins = [], apiVersion = currentVersion } = options;
  const { httpClient, userAgent = `carnet-sdk-typescript/${VERSION}` } = options;
  const serverURL = chooseServer(options);
  return {
    serverURL,
    tokenURL: checkURL("tokenURL", onServer(serverURL, options.tokenURL ?? tokenPath), allowInsecureHTTP).href,
    origins: new Set(
      [serverURL, ...allowedOrigins].map((each) => checkURL("allowedOrigins", each, allowInsecureHTTP).origin),
    ),
    allowInsecureHTTP,
    headers: headersOf({ "user-agent": userAgent, "x-version": apiVersion }),
    scopes: scopeSet(options.scopes ?? []).sort(),
    security: securitySource(options.security),
    client: transport(httpClient, hooks),
    usesRuntimeFetch: !httpClient,
    retries: retryPolicy(options.retryConfig, options.retryCodes),
    onRetry: (notice) => void (async () => hooks?.onRetry?.(notice))().catch(() => {}),
    timeoutMs: timeLimit(options.timeoutMs),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    debugLogger: options.debugLogger,
    deprecation: deprecationWatch(hooks?.onDeprecation),
    expiry: expiryWatch(hooks?.onExpiryWarning),
    closing,
  };
}

/** Wraps the caller's client in one that runs the hooks. */
function transport(given: SDKOptions["httpClient"], hooks: SDKHooks | undefined): HTTPTransport {
  return new HTTPClient({ fetch: typeof given === "object" ? given.request.bind(given) : given, hooks });
}
