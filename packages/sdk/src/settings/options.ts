import type { Clock } from "../clock.ts";
import type { DebugLogger } from "../http/debug.ts";
import type { OnDeprecation } from "../http/deprecation.ts";
import type { Fetch, HTTPClientHooks, HTTPTransport } from "../http/http-client.ts";
import type { OnRetry } from "../http/retry-notice.ts";
import type { OnExpiryWarning } from "../token/expiry-warning.ts";
import type { ClientAuthentication } from "./client-authentication.ts";
import type { Parameters } from "./parameters.ts";
import type { RetryCode, RetryConfig } from "./retry-config.ts";
import type { Scopes } from "./scopes.ts";
import type { SecurityOption } from "./security.ts";
import type { ServerChoice } from "./server-url.ts";

/** Hooks around every request, for deprecation notices, and for credentials that expire soon. */
export interface SDKHooks extends HTTPClientHooks {
  /** Called once per route whose response has a `Deprecation` or `Sunset` header. Default: one console warning. */
  readonly onDeprecation?: OnDeprecation;
  /**
   * Called once per expiry threshold that the client or one of its secrets crosses, as reported by a Carnet server.
   * Default: one console warning.
   */
  readonly onExpiryWarning?: OnExpiryWarning;
  /** Called before each wait for a retry. Default: nothing. */
  readonly onRetry?: OnRetry;
}

/** The options of an SDK. All are optional. */
export interface SDKOptions extends ServerChoice {
  /** The credentials, or a function that returns them. Default: `CARNET_CLIENT_ID` and `CARNET_CLIENT_SECRET`. */
  readonly security?: SecurityOption | undefined;
  /** A region (`us`, `eu`, `apac`) or a URL. Default: `CARNET_SERVER_URL`, else `CARNET_REGION`, else `us`, except for a secret that starts with `carnet_`. */
  readonly server?: ServerChoice["server"];
  /** The server's URL. It overrides `server`. */
  readonly serverURL?: ServerChoice["serverURL"];
  /** The token endpoint, as an absolute URL or a path on the server. Default: `/oauth2/token`. */
  readonly tokenURL?: string | undefined;
  /**
   * Where a token request has its credentials. `body`: in the form. `basic`: in the `Authorization` header. `auto`, the
   * default: in the form, until the server refuses that and calls for `Basic` in its answer or its metadata.
   */
  readonly clientAuthentication?: ClientAuthentication | undefined;
  /** Further parameters of each token request, such as `audience` or `resource`. */
  readonly parameters?: Parameters | undefined;
  /** The `X-Version` header of every request that does not set its own. Default: `2026-01-01`. */
  readonly apiVersion?: string | undefined;
  /** The scopes to request if a call names none. Default: all scopes of the client. */
  readonly scopes?: Scopes | undefined;
  /** Sends the requests: an `HTTPClient`, or a function such as `fetch`. The SDK never closes it. */
  readonly httpClient?: HTTPTransport | Fetch | undefined;
  /** How often and how long to retry. */
  readonly retryConfig?: RetryConfig | undefined;
  /** The statuses to retry. Default: 429, 500, 502, 503 and 504. */
  readonly retryCodes?: readonly RetryCode[] | undefined;
  /** The time limit of one attempt in milliseconds. Default: 30,000 for a token, none for `fetch`. */
  readonly timeoutMs?: number | undefined;
  /** The `User-Agent` header. */
  readonly userAgent?: string | undefined;
  /** Receives one line per request, for example `console`. It sees names and numbers, never a secret. */
  readonly debugLogger?: DebugLogger | undefined;
  /** Functions that run around requests. */
  readonly hooks?: SDKHooks | undefined;
  /** Further origins that a token may be sent to, such as `https://files.example.com`. */
  readonly allowedOrigins?: readonly (string | URL)[] | undefined;
  /** Allows plain `http:` to hosts other than loopback. Default: false. */
  readonly allowInsecureHTTP?: boolean | undefined;
  /** The source of time, for tests. */
  readonly clock?: Clock | undefined;
  /** The random source, for tests: at least 0 and below 1. */
  readonly random?: (() => number) | undefined;
}

/** The options of one call. */
export interface RequestOptions {
  /** How often and how long to retry, or just how often. */
  readonly retries?: RetryConfig | number | undefined;
  /** The statuses to retry, such as `["429", "5XX"]`. */
  readonly retryCodes?: readonly RetryCode[] | undefined;
  /** The time limit of one attempt in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Another server for this call. */
  readonly serverURL?: string | URL | undefined;
  /** Extra headers. They override the SDK's own. */
  readonly headers?: RequestInit["headers"] | undefined;
  /** Aborts the call, including waits between retries. */
  readonly signal?: AbortSignal | null | undefined;
}
