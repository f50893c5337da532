import type { Clock } from "../clock.ts";
import type { DebugLogger } from "../http/debug.ts";
import type { CheckDeprecation } from "../http/deprecation.ts";
import type { HTTPTransport } from "../http/http-client.ts";
import type { OnRetry } from "../http/retry-notice.ts";
import type { CheckExpiry } from "../token/expiry-warning.ts";
import type { AuthenticationMethod, ClientAuthentication } from "./client-authentication.ts";
import type { RetryPolicy } from "./retry-config.ts";
import type { SecuritySource } from "./security.ts";

/** The checked options with defaults applied. */
export interface Settings {
  /** The server's URL without a trailing slash. */
  readonly serverURL: string;
  readonly isServerChosen: boolean;
  readonly tokenURL: string;
  readonly clientAuthentication: ClientAuthentication;
  /** What `auto` found out, by token URL. */
  readonly methods: Map<string, AuthenticationMethod>;
  /** Further parameters of a token request, form-encoded. */
  readonly parameters: string;
  /** The origins that a token may be sent to. */
  readonly origins: ReadonlySet<string>;
  readonly allowInsecureHTTP: boolean | undefined;
  /** The default headers of each request: the user agent and `X-Version`. */
  readonly headers: Headers;
  /** The scopes to request if a call names none, sorted. */
  readonly scopes: readonly string[];
  readonly security: SecuritySource;
  readonly client: HTTPTransport;
  /** Whether requests go straight to the runtime's `fetch`. */
  readonly usesRuntimeFetch: boolean;
  readonly retries: RetryPolicy;
  readonly onRetry: OnRetry;
  readonly timeoutMs: number | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly debugLogger: DebugLogger | undefined;
  readonly deprecation: CheckDeprecation;
  readonly expiry: CheckExpiry;
  /** Aborted when the SDK is closed. */
  readonly closing: AbortSignal;
}
