import { type AccessToken, acceptClaims } from "./access-token.ts";
import { IssuerUnavailable, TokenInvalid } from "./errors.ts";
import { parseObject, send } from "./http.ts";
import type { Issuer } from "./issuer.ts";
import { mayShare } from "./refresher.ts";
import type { Settings } from "./settings.ts";
import { TokenCache } from "./token-cache.ts";

interface Known {
  readonly token: AccessToken;
  readonly until: number;
}

/** Strangers can send any number of tokens, each of which costs a request. */
const mostAtOnce = 100;

/** Asks the issuer about tokens (RFC 7662). Remembers answers for `cacheFor`, and only for active tokens. */
export class Introspection {
  readonly #settings: Settings;
  readonly #rules: NonNullable<Settings["introspection"]>;
  readonly #issuer: Issuer;
  readonly #cache: TokenCache<Known>;
  readonly #flights = new Map<string, Promise<AccessToken>>();

  constructor(settings: Settings, rules: NonNullable<Settings["introspection"]>, issuer: Issuer) {
    this.#settings = settings;
    this.#rules = rules;
    this.#issuer = issuer;
    this.#cache = new TokenCache(settings.cachedTokens);
  }

  /**
   * Verifies a token by asking the issuer.
   * @throws {TokenInvalid} The issuer says that it is not active, or it is not for this API.
   * @throws {IssuerUnavailable} The issuer gives no usable answer.
   */
  async verify(text: string): Promise<AccessToken> {
    const known = this.#cache.get(text);
    if (known !== undefined && this.#settings.clock() < known.until) return known.token;
    if (!mayShare()) return this.#introspect(text);
    return this.#flights.get(text) ?? this.#start(text);
  }

  #start(text: string): Promise<AccessToken> {
    if (this.#flights.size >= mostAtOnce)
      throw new IssuerUnavailable(`The guard already waits for ${mostAtOnce} introspections.`);
    const flight = this.#introspect(text).finally(() => this.#flights.delete(text));
    this.#flights.set(text, flight);
    return flight;
  }

  async #introspect(text: string): Promise<AccessToken> {
    const askedAt = this.#settings.clock();
    const claims = await this.#ask(text);
    if (claims["active"] !== true) throw new TokenInvalid("inactive", "The issuer says that the token is not active.");
    // RFC 7662 §2.2: `iss` and `exp` are optional, and this issuer was asked just now
    const cacheUntil = askedAt + this.#rules.cacheFor * 1000;
    const defaults = { iss: this.#settings.issuer, exp: Math.floor(cacheUntil / 1000) + 1 };
    const token = acceptClaims({ ...defaults, ...claims }, this.#settings);
    this.#cache.set(text, { token, until: Math.min(cacheUntil, token.expiresAt.getTime()) });
    return token;
  }

  async #ask(token: string): Promise<Readonly<Record<string, unknown>>> {
    await this.#issuer.ready();
    const url = this.#issuer.current().introspectionEndpoint;
    if (url === undefined) throw new IssuerUnavailable("The issuer's metadata names no introspection_endpoint.");
    try {
      return await this.#post(url, token);
    } catch (error) {
      throw new IssuerUnavailable(error instanceof Error ? error.message : "The introspection failed.");
    }
  }

  async #post(url: string, token: string): Promise<Readonly<Record<string, unknown>>> {
    const { clientId, clientSecret } = this.#rules;
    const answer = await send(this.#settings, url, {
      method: "POST",
      limit: 1024 * 1024,
      headers: {
        Accept: "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        // RFC 6749 §2.3.1: both parts are form-encoded before they are joined
        Authorization: `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`,
      },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }).toString(),
    });
    if (answer.status === 401)
      throw new Error(`${url} answered 401. Check \`introspection.clientId\`, its secret, and its scope.`);
    if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
    return parseObject(answer.text, url);
  }
}

const formEncode = (text: string): string => new URLSearchParams({ text }).toString().slice("text=".length);
