import type { OnWarning } from "./warning.ts";

/** How a guard uses the issuer's revocation feed. */
export interface RevocationOptions {
  /** The age in seconds from which the last known revocations are stale. Default: 300. */
  readonly staleAfter?: number | undefined;
  /** What to do when they are stale: `refuse` every token, or accept tokens and `warn`. Default: `refuse`. */
  readonly onStale?: "refuse" | "warn" | undefined;
  /** The `Authorization` header for the feed, for an issuer that does not offer it to everybody. */
  readonly authorization?: (() => string | Promise<string>) | undefined;
}

/** How a guard asks the issuer about tokens. */
export interface IntrospectionOptions {
  /** The client that may introspect tokens for this API. */
  readonly clientId: string;
  /** The secret of that client. */
  readonly clientSecret: string;
  /** Which tokens to ask about: only those that are not JWTs, or all. Default: `opaque`. */
  readonly when?: "opaque" | "always" | undefined;
  /** For how many seconds an answer is used. A token may still pass for so long after it was revoked. Default: 1. */
  readonly cacheFor?: number | undefined;
}

/** The options of `createGuard`. */
export interface GuardOptions {
  /** The `iss` of the tokens, byte for byte, and the base of the discovery URL. */
  readonly issuer: string;
  /** The identifiers of this API. One of them must be in `aud`. */
  readonly audience: string | readonly string[];
  /** How many seconds the clocks of issuer and API may differ, at most 60. Default: 5. */
  readonly clockTolerance?: number | undefined;
  /** The accepted signature algorithms. Default: every asymmetric algorithm that the issuer's key allows. */
  readonly algorithms?: readonly string[] | undefined;
  /**
   * The accepted `typ` headers. Some servers need `["JWT"]`, and `none` for tokens without a `typ`: then
   * the audience alone keeps their ID tokens out. Default: `["at+jwt"]`.
   */
  readonly tokenTypes?: readonly string[] | undefined;
  /** How many verified tokens are remembered. Default: 10,000. */
  readonly cache?: { readonly tokens: number } | undefined;
  /** For how many seconds the last known keys are used while the issuer cannot be reached. Default: 86,400. */
  readonly keys?: { readonly maxAge: number } | undefined;
  /**
   * The issuer's revocation feed. By default it is used if the issuer's metadata names it. With options it is required:
   * an issuer without a feed counts as stale. `false` turns it off.
   */
  readonly revocations?: RevocationOptions | false | undefined;
  /** Asks the issuer about tokens that are not JWTs, or about all. Default: off. */
  readonly introspection?: IntrospectionOptions | undefined;
  /** Allows plain `http:` to hosts other than loopback. Anyone on that network can then forge tokens. Default: false. */
  readonly allowInsecureHTTP?: boolean | undefined;
  /**
   * The https URL of this API, if it serves its protected resource metadata (RFC 9728) with `resourceMetadata` of an
   * adapter. Challenges then name the metadata.
   */
  readonly resource?: string | undefined;
  /** Called when something needs an operator but does not fail a request. Default: `console.warn`. */
  readonly onWarning?: OnWarning | undefined;
  /** Sends the guard's own requests. Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** The time in milliseconds since 1970. Default: the platform's clock. */
  readonly clock?: (() => number) | undefined;
}
