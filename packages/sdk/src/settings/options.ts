import type { Clock } from "../clock.ts";
import type { DebugLogger } from "../http/debug.ts";
import type { OnDeprecation } from "../http/deprecation.ts";
import type { Fetch, HTTPClientHooks, HTTPTransport } from "../http/http-client.ts";
import type { OnExpiryWarning } from "../token/expiry-warning.ts";
import type { RetryCode, RetryConfig } from "./retry-config.ts";
import type { Scopes } from "./scopes.ts";
import type { SecurityOption } from "./security.ts";
import type { ServerChoice } from "./server-url.ts";

/** Hooks around every request, on deprecation, and on credentials that end soon. */
export interface SDKHooks extends HTTPClientHooks {
  /** Called once per URL whose answer carries `Deprecation` or `Sunset`; by default one warning is shown. */
  readonly onDeprecation?: OnDeprecation;
  /**
   * Called once per threshold that the client or one of its secrets crosses, as a token answer of a Carnet server tells;
   * by default one warning is shown.
   */
  readonly onExpiryWarning?: OnExpiryWarning;
}

/** What an SDK is made with; all of it may be left out. */
export interface SDKOptions extends ServerChoice {
  /** The credentials, or a function for them; else `CARNET_CLIENT_ID` and `CARNET_CLIENT_SECRET`. */
  readonly security?: SecurityOption | undefined;
  /** A region (`us`, `eu`, `apac`) or an address; else `CARNET_SERVER_URL`, `CARNET_REGION`, `us`. */
  readonly server?: ServerChoice["server"];
  /** The server's address; it counts before `server`. */
  readonly serverURL?: ServerChoice["serverURL"];
  /** The token endpoint, absolute or on the server; `/oauth2/token` by default. */
  readonly tokenURL?: string | undefined;
  /** `X-Version` of every request that does not set its own; `2026-01-01` by default. */
  readonly apiVersion?: string | undefined;
  /** The scopes asked for where a call names none; by default all that the client has. */
  readonly scopes?: Scopes | undefined;
  /** What sends the requests: an `HTTPClient`, or a function such as `fetch`. It is never closed by the SDK. */
  readonly httpClient?: HTTPTransport | Fetch | undefined;
  /** How often and how long to try again. */
  readonly retryConfig?: RetryConfig | undefined;
  /** Which statuses to try again on; 429, 500, 502, 503, 504 by default. */
  readonly retryCodes?: readonly RetryCode[] | undefined;
  /** How long one attempt may take, in milliseconds; by default 30,000 for a token, and no limit for `fetch`. */
  readonly timeoutMs?: number | undefined;
  /** The `User-Agent` header. */
  readonly userAgent?: string | undefined;
  /** Told of every exchange; `console` is one. It sees names and figures, never a secret. */
  readonly debugLogger?: DebugLogger | undefined;
  readonly hooks?: SDKHooks | undefined;
  /** Other origins than the server's own that a token may be sent to, such as `https://files.example.com`. */
  readonly allowedOrigins?: readonly (string | URL)[] | undefined;
  /** Allows plain `http:` to other hosts than this one; false by default. */
  readonly allowInsecureHTTP?: boolean | undefined;
  /** Where time comes from. */
  readonly clock?: Clock | undefined;
  /** Where chance comes from: a number from 0 up to and without 1. */
  readonly random?: (() => number) | undefined;
}

/** What one call may set for itself. */
export interface RequestOptions {
  /** How often and how long to try again, or just how often. */
  readonly retries?: RetryConfig | number | undefined;
  /** Which statuses to try again on, such as `["429", "5XX"]`. */
  readonly retryCodes?: readonly RetryCode[] | undefined;
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Another server for this call. */
  readonly serverURL?: string | URL | undefined;
  /** More headers; they win over the SDK's own. */
  readonly headers?: RequestInit["headers"] | undefined;
  /** Ends the call, its waits included. */
  readonly signal?: AbortSignal | null | undefined;
}
