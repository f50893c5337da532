import { isLoopbackHost } from "@carnet/protocol/loopback";
import type { GuardOptions, IntrospectionOptions, RevocationOptions } from "./options.ts";
import type { Warning } from "./warning.ts";

type Filled<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** The options of a guard, checked and with their defaults. */
export interface Settings {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Seconds. */
  readonly clockTolerance: number;
  /** Undefined accepts every asymmetric algorithm. */
  readonly algorithms: string[] | undefined;
  /** In lower case and without `application/`. */
  readonly tokenTypes: readonly string[];
  readonly cachedTokens: number;
  /** Milliseconds. */
  readonly keysMaxAge: number;
  /** False turns the feed off. */
  readonly revocations: RevocationSettings | false;
  readonly introspection: Filled<IntrospectionOptions> | undefined;
  readonly resource: string | undefined;
  readonly allowInsecureHTTP: boolean;
  /** Never throws. */
  readonly warn: (warning: Warning) => void;
  readonly fetch: typeof fetch;
  readonly clock: () => number;
}

interface RevocationSettings
  extends Omit<Filled<RevocationOptions>, "authorization">,
    Pick<RevocationOptions, "authorization"> {
  /** Whether an issuer without a feed counts as stale. */
  readonly isRequired: boolean;
}

/** Checks the options. Throws a `TypeError` that names the option and what is accepted. */
export function settingsOf(options: GuardOptions): Settings {
  const { algorithms, introspection, revocations, resource, allowInsecureHTTP = false } = options;
  const clock = options.clock ?? Date.now;
  checkUrl("issuer", options.issuer, allowInsecureHTTP);
  return {
    issuer: options.issuer,
    audience: texts("audience", typeof options.audience === "string" ? [options.audience] : options.audience),
    clockTolerance: tolerance(options.clockTolerance ?? 5),
    algorithms: algorithms && asymmetric(texts("algorithms", algorithms)),
    tokenTypes: texts("tokenTypes", options.tokenTypes ?? ["at+jwt"]).map(bareType),
    cachedTokens: amount("cache.tokens", options.cache?.tokens ?? 10_000),
    keysMaxAge: amount("keys.maxAge", options.keys?.maxAge ?? 86_400) * 1000,
    revocations: revocations !== false && revocationSettings(revocations),
    introspection: introspection && introspectionSettings(introspection),
    resource: resource === undefined ? undefined : resourceIdentifier(resource),
    allowInsecureHTTP,
    warn: throttled(options.onWarning ?? warnOnConsole, clock),
    fetch: options.fetch ?? ((...call) => fetch(...call)), // Workers need the global as the receiver
    clock,
  };
}

/** Checks that a URL may be trusted to say which keys to trust. */
export function checkUrl(name: string, text: string, allowInsecureHTTP: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe =
    url?.protocol === "https:" || (url?.protocol === "http:" && (allowInsecureHTTP || isLoopbackHost(url.hostname)));
  if (url !== undefined && isSafe && url.username === "" && url.password === "") return url;
  throw new TypeError(
    `\`${name}\` must be an https: URL without a user; http: is accepted for loopback, or with \`allowInsecureHTTP\`.`,
  );
}

/** RFC 9728 §1.2: an https URL without a fragment. It should have no query either, so none is accepted. */
function resourceIdentifier(text: string): string {
  checkUrl("resource", text, false);
  if (/[?#]/.test(text)) throw new TypeError("`resource` must be the URL of this API without a query and a fragment.");
  return text;
}

/** A media type as in a `typ` header: in lower case, and without `application/` (RFC 7515 §4.1.9). */
export const bareType = (typ: string): string => typ.toLowerCase().replace(/^application\//, "");

function revocationSettings(options: RevocationOptions | undefined): RevocationSettings {
  const { staleAfter = 300, onStale = "refuse", authorization } = options ?? {};
  if (onStale !== "refuse" && onStale !== "warn") throw new TypeError("`revocations.onStale` must be refuse or warn.");
  amount("revocations.staleAfter", staleAfter);
  return { staleAfter, onStale, authorization, isRequired: options !== undefined };
}

function introspectionSettings(options: IntrospectionOptions): Filled<IntrospectionOptions> {
  const { clientId, clientSecret, when = "opaque", cacheFor = 1 } = options;
  texts("introspection.clientId", [clientId]);
  texts("introspection.clientSecret", [clientSecret]);
  if (when !== "opaque" && when !== "always") throw new TypeError("`introspection.when` must be opaque or always.");
  return { clientId, clientSecret, when, cacheFor: amount("introspection.cacheFor", cacheFor) };
}

function texts(name: string, values: readonly string[]): string[] {
  if (Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === "string" && value !== ""))
    return [...values];
  throw new TypeError(`\`${name}\` must be a text that is not empty, or a list of them.`);
}

function amount(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new TypeError(`\`${name}\` must be a number that is 0 or more.`);
}

/** Issuers forget the revocation of a token a minute after its end. */
function tolerance(seconds: number): number {
  if (seconds >= 0 && seconds <= 60) return seconds;
  throw new TypeError("`clockTolerance` must be a number from 0 to 60.");
}

function asymmetric(algorithms: string[]): string[] {
  if (algorithms.every((algorithm) => !/^(HS|none)/i.test(algorithm))) return algorithms;
  throw new TypeError(
    "`algorithms` must be asymmetric, such as ES256: a shared key that verifies tokens can also sign them.",
  );
}

/** Passes on each kind of warning at most once a minute. Errors of the hook are ignored: the request itself is good. */
function throttled(hook: (warning: Warning) => unknown, clock: () => number): (warning: Warning) => void {
  const last = new Map<string, number>();
  return (warning) => {
    const now = clock();
    if (now - (last.get(warning.code) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    last.set(warning.code, now);
    (async () => hook(warning))().catch(() => {});
  };
}

function warnOnConsole({ code, message }: Warning): void {
  const { console }: { console: { warn(text: string): void } } = globalThis;
  console.warn(`@carnet/guard: ${code}: ${message}`);
}
