import type { Clock } from "../clock.ts";
import type { DebugLogger } from "../http/debug.ts";
import type { LookForDeprecation } from "../http/deprecation.ts";
import type { HTTPTransport } from "../http/http-client.ts";
import type { LookForExpiry } from "../token/expiry-warning.ts";
import type { RetryPolicy } from "./retry-config.ts";
import type { SecuritySource } from "./security.ts";

/** The options checked and filled up: what every function of the SDK works with. */
export interface Settings {
  /** The server's address without a trailing slash. */
  readonly serverURL: string;
  readonly tokenURL: string;
  /** Where a token may be sent. */
  readonly origins: ReadonlySet<string>;
  readonly allowInsecureHTTP: boolean | undefined;
  /** What each request has unless it sets its own: the user agent and `X-Version`. */
  readonly headers: Headers;
  /** The scopes asked for where a call names none, sorted. */
  readonly scopes: readonly string[];
  readonly security: SecuritySource;
  readonly client: HTTPTransport;
  /** Whether the client sends by the runtime's own `fetch`. */
  readonly hasOwnTransport: boolean;
  readonly retries: RetryPolicy;
  readonly timeoutMs: number | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly debugLogger: DebugLogger | undefined;
  readonly deprecation: LookForDeprecation;
  readonly expiry: LookForExpiry;
  /** Aborted when the SDK is closed. */
  readonly closing: AbortSignal;
}
