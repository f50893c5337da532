import { IssuerUnavailable } from "./errors.ts";
import { getJson, Timeout } from "./http.ts";
import { createKeySet, type KeySet } from "./key-set.ts";
import { Refresher } from "./refresher.ts";
import { checkUrl, type Settings } from "./settings.ts";

/** What the issuer's metadata and its JWKS said when they were last fetched. */
export interface IssuerFacts {
  readonly keys: KeySet;
  readonly revocationsUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
  readonly fetchedAt: number;
}

/** How long keys are used if the issuer does not say: `max-age` of its JWKS, from ten seconds to an hour. */
const keyLifetimes = { shortest: 10, usual: 300, longest: 3600 } as const;
/**
 * How many milliseconds apart the fetches are that an unknown key can cause. Anybody can send a token with one, but only the
 * issuer a feed, and a revoked key should not count for longer than needed.
 */
const gaps = { token: 10_000, feed: 1000 } as const;

/** Knows the issuer: discovers its metadata and keeps its keys. Metadata and keys are always fetched together. */
export class Issuer {
  readonly #settings: Settings;
  readonly #refresher: Refresher;
  readonly #onChange: (facts: IssuerFacts, before: IssuerFacts | undefined) => void;
  #facts: IssuerFacts | undefined;
  /** Orders fetches that overlap. Their times would not: the clock can be set back. */
  readonly #fetches = { started: 0, accepted: 0 };

  /** @param onChange is called after each fetch */
  constructor(settings: Settings, onChange: (facts: IssuerFacts, before: IssuerFacts | undefined) => void) {
    this.#settings = settings;
    this.#onChange = onChange;
    this.#refresher = new Refresher(
      () => this.#fetch(),
      settings.clock,
      timesFor(keyLifetimes.usual, settings.keysMaxAge),
    );
  }

  /** A promise to await before `current`, if there is one. */
  ready(): Promise<void> | undefined {
    return this.#refresher.ready();
  }

  /**
   * What is known of the issuer.
   * @throws {IssuerUnavailable} Nothing is known, or it is older than `keys.maxAge`.
   */
  current(): IssuerFacts {
    const facts = this.#facts;
    if (facts !== undefined && this.#settings.clock() - facts.fetchedAt <= this.#settings.keysMaxAge) return facts;
    throw new IssuerUnavailable(`The keys of ${this.#settings.issuer} cannot be fetched. A warning says why.`);
  }

  /**
   * What is known after fetching again because something names an unknown or a revoked key.
   * @throws {IssuerUnavailable} The fetch failed, so that nobody knows whether the key exists.
   */
  async afterUnknownKeyIn(source: keyof typeof gaps): Promise<IssuerFacts> {
    await this.#refresher.refreshUnlessWithin(gaps[source]);
    if (this.#refresher.isFailing)
      throw new IssuerUnavailable(`The keys of ${this.#settings.issuer} cannot be fetched. A warning says why.`);
    return this.current();
  }

  async #fetch(): Promise<void> {
    const fetchedAt = this.#settings.clock();
    const order = ++this.#fetches.started;
    try {
      const metadata = await this.#discover();
      const url = this.#urlIn(metadata, "jwks_uri");
      if (url === undefined) throw new Error("the metadata has no jwks_uri");
      const { json, headers } = await getJson(this.#settings, url);
      if (order < this.#fetches.accepted) return; // A later fetch was faster
      const before = this.#facts;
      const { revocations, introspection } = this.#settings;
      this.#facts = {
        keys: createKeySet(json),
        // A wrong URL of something that is not used must not stop the API
        revocationsUri: revocations ? this.#urlIn(metadata, "revocations_uri") : undefined,
        introspectionEndpoint: introspection && this.#urlIn(metadata, "introspection_endpoint"),
        fetchedAt,
      };
      this.#fetches.accepted = order;
      this.#refresher.times = timesFor(maxAgeOf(headers) ?? keyLifetimes.usual, this.#settings.keysMaxAge);
      this.#onChange(this.#facts, before);
    } catch (error) {
      const message = `The keys of the issuer cannot be fetched: ${error instanceof Error ? error.message : "unknown error"}`;
      this.#settings.warn({ code: "keys_unavailable", message });
      throw error;
    }
  }

  async #discover(): Promise<Readonly<Record<string, unknown>>> {
    const { issuer } = this.#settings;
    let problem: unknown;
    for (const url of discoveryUrls(issuer)) {
      try {
        const { json } = await getJson(this.#settings, url);
        // RFC 8414 §3.3: the issuer must be identical, or somebody else's keys could be taken for its own
        if (json["issuer"] === issuer) return json;
        throw new Error(`${url} names another issuer. \`issuer\` must equal it, byte for byte`);
      } catch (error) {
        problem ??= error;
        if (error instanceof Timeout) break; // The other URLs are of the same server, and requests wait for this
      }
    }
    throw problem;
  }

  #urlIn(metadata: Readonly<Record<string, unknown>>, name: string): string | undefined {
    const value = metadata[name];
    return typeof value === "string" ? checkUrl(name, value, this.#settings.allowInsecureHTTP).href : undefined;
  }
}

/** RFC 8414 §3.1 puts the well-known path before the issuer's own path, and OpenID Connect Discovery 1.0 §4 behind it. */
function discoveryUrls(issuer: string): ReadonlySet<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return new Set([
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}${path}/.well-known/oauth-authorization-server`,
  ]);
}

function maxAgeOf(headers: Headers): number | undefined {
  const seconds = /\bmax-age=(\d+)/i.exec(headers.get("cache-control") ?? "")?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** A removed key is trusted for at most twice the lifetime, also by an API that is called rarely. */
function timesFor(maxAge: number, usableFor: number) {
  const lifetime = Math.min(Math.max(maxAge, keyLifetimes.shortest), keyLifetimes.longest) * 1000;
  return { refreshAfter: lifetime, waitAfter: 2 * lifetime, usableFor, retryAfter: 1000 };
}
