import type { AccessToken } from "./access-token.ts";
import { GuardError, ScopeInsufficient, TokenInvalid } from "./errors.ts";
import { Introspection } from "./introspection.ts";
import { Issuer } from "./issuer.ts";
import { type JwtPorts, type VerifiedJwt, verifyJwt } from "./jwt.ts";
import type { GuardOptions } from "./options.ts";
import { metadataUrl } from "./resource-metadata.ts";
import { RevocationFeed } from "./revocation-feed.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { TokenCache } from "./token-cache.ts";
import { readToken, type TokenSource } from "./token-source.ts";

/** What a request must be allowed to do. */
export interface Requirements {
  /** The token must have all of these scopes. */
  readonly scopes?: readonly string[] | undefined;
}

/** Verifies the access tokens that an API receives. Make one for each API and share it. */
export interface Guard {
  /** The issuer whose tokens are accepted. */
  readonly issuer: string;
  /** The identifiers of the API. */
  readonly audience: readonly string[];
  /** The URL of the API, if it serves its protected resource metadata. */
  readonly resource: string | undefined;
  /**
   * Verifies the token of a request, or a token itself. Does not read the body of a `Request`.
   * @throws {TokenMissing} The request has no token.
   * @throws {RequestInvalid} The request sends a token in its query, in its form, or more than once.
   * @throws {TokenInvalid} The token fails a check.
   * @throws {ScopeInsufficient} The token does not have all `scopes`.
   * @throws {IssuerUnavailable} The issuer's keys are not known and cannot be fetched.
   * @throws {RevocationsStale} The known revocations are too old.
   * @throws {TypeError} `requirements` has a member that is not known, or `scopes` is not a list.
   */
  verify(source: TokenSource, requirements?: Requirements): Promise<AccessToken>;
}

/**
 * Creates a guard. It sends its first request when it verifies its first token, and none while it verifies none.
 * @throws {TypeError} An option is missing or invalid.
 */
export function createGuard(options: GuardOptions): Guard {
  const settings = settingsOf(options);
  const verifyToken = tokenVerifier(settings);
  const { issuer, audience, resource } = settings;
  const resourceMetadata = resource === undefined ? undefined : metadataUrl(resource);
  return Object.freeze({
    issuer,
    audience: Object.freeze(audience),
    resource,
    async verify(source: TokenSource, requirements: Requirements = {}) {
      // A misspelt requirement would admit every token
      for (const name in requirements)
        if (name !== "scopes") throw new TypeError(`\`${name}\` is no requirement: use \`scopes\`, a list.`);
      const { scopes = [] } = requirements;
      if (!Array.isArray(scopes)) throw new TypeError("`scopes` must be a list.");
      try {
        const token = await verifyToken(readToken(source));
        // RFC 6750 §3.1: insufficient_scope is for a token that is valid
        for (const scope of scopes) if (!token.scopes.includes(scope)) throw new ScopeInsufficient(scopes);
        return token;
      } catch (error) {
        throw error instanceof GuardError ? error.withResourceMetadata(resourceMetadata) : error;
      }
    },
  });
}

/** Longer tokens are refused before anything in them is read. */
const longestToken = 16 * 1024;

/** How to verify a token: with the issuer's keys, or by asking the issuer. */
function tokenVerifier(settings: Settings): (token: string) => Promise<AccessToken> {
  const cache = new TokenCache<VerifiedJwt>(settings.cachedTokens);
  const issuer = new Issuer(settings, ({ keys }, before) => {
    if (before !== undefined && !keys.includes(before.keys)) cache.clear(); // A key was removed or replaced
    feed?.dropUnless(keys);
  });
  const feed = settings.revocations ? new RevocationFeed(settings, settings.revocations, issuer) : undefined;
  const introspection = settings.introspection && new Introspection(settings, settings.introspection, issuer);
  const asksAlways = settings.introspection?.when === "always";
  const ports: JwtPorts = { settings, issuer, feed, cache };
  return (token) => {
    if (token.length > longestToken) throw new TokenInvalid("too_long", "The token has more than 16,384 characters.");
    const asks = introspection !== undefined && (asksAlways || !hasJwtForm(token));
    return asks ? introspection.verify(token) : verifyJwt(token, ports);
  };
}

/** Three parts of base64url, of which the first begins like a JSON object. */
const hasJwtForm = (token: string): boolean => /^e[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
