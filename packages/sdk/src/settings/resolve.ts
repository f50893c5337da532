import { tokenPath } from "@carnet/protocol/endpoints";
import { currentVersion } from "@carnet/protocol/versions";
import { systemClock, systemRandom } from "../clock.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { deprecationWatch } from "../http/deprecation.ts";
import { headersOf } from "../http/headers-of.ts";
import { HTTPClient } from "../http/http-client.ts";
import { expiryWatch } from "../token/expiry-warning.ts";
import { VERSION } from "../version.ts";
import { checkNames } from "./names.ts";
import type { SDKHooks, SDKOptions } from "./options.ts";
import { parameterForm } from "./parameters.ts";
import { retryPolicy, timeLimit } from "./retry-config.ts";
import { scopeSet } from "./scopes.ts";
import { type Security, securitySource } from "./security.ts";
import { checkURL, chooseServer, onServer } from "./server-url.ts";
import type { Settings } from "./settings.ts";

/**
 * Checks the options and applies the defaults.
 * @throws {InvalidRequestError} for the first invalid option
 */
export function resolve(options: SDKOptions, closing: AbortSignal): Settings {
  const { allowInsecureHTTP, hooks, allowedOrigins = [], apiVersion = currentVersion } = options;
  const { httpClient, clientAuthentication = "auto", userAgent = `carnet-sdk-typescript/${VERSION}` } = options;
  checkNames(options, OPTIONS);
  checkNames(hooks ?? {}, HOOKS, "hooks.");
  const { serverURL, isServerChosen } = chooseServer(options);
  if (!/^(auto|body|basic)$/.test(clientAuthentication))
    throw invalid("clientAuthentication", "must be auto, body or basic");
  return {
    serverURL,
    isServerChosen,
    clientAuthentication,
    methods: new Map(),
    parameters: parameterForm(options.parameters),
    tokenURL: checkURL("tokenURL", onServer(serverURL, options.tokenURL ?? tokenPath), allowInsecureHTTP).href,
    origins: new Set(
      [serverURL, ...allowedOrigins].map((each) => checkURL("allowedOrigins", each, allowInsecureHTTP).origin),
    ),
    allowInsecureHTTP,
    headers: headersOf({ "user-agent": userAgent, "x-version": apiVersion }),
    scopes: scopeSet(options.scopes ?? []).sort(),
    security: securitySource(options.security, isServerChosen),
    // A client of the caller is wrapped in one that runs the hooks.
    client: new HTTPClient({
      fetch: typeof httpClient === "object" ? httpClient.request.bind(httpClient) : httpClient,
      hooks,
    }),
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

/** Every option. The two of `security` are here for the hint. */
const OPTIONS: Record<keyof SDKOptions | `security.${keyof Security}`, 1> = {
  security: 1,
  server: 1,
  serverURL: 1,
  tokenURL: 1,
  clientAuthentication: 1,
  parameters: 1,
  apiVersion: 1,
  scopes: 1,
  httpClient: 1,
  retryConfig: 1,
  retryCodes: 1,
  timeoutMs: 1,
  userAgent: 1,
  debugLogger: 1,
  hooks: 1,
  allowedOrigins: 1,
  allowInsecureHTTP: 1,
  clock: 1,
  random: 1,
  "security.clientId": 1,
  "security.clientSecret": 1,
};

const HOOKS: Record<keyof SDKHooks, 1> = {
  beforeRequest: 1,
  requestError: 1,
  response: 1,
  onDeprecation: 1,
  onExpiryWarning: 1,
  onRetry: 1,
};
