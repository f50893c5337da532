import { type AccessToken, acceptClaims } from "./access-token.ts";
import { TokenInvalid } from "./errors.ts";
import type { Issuer } from "./issuer.ts";
import { parseJws } from "./jws.ts";
import type { RevocationFeed } from "./revocation-feed.ts";
import { hashTokenId, type RevocableToken, type RevocationList } from "./revocation-list.ts";
import { bareType, type Settings } from "./settings.ts";
import type { TokenCache } from "./token-cache.ts";

/** A token whose signature and claims were right, with what later checks need. */
export interface VerifiedJwt {
  readonly token: AccessToken;
  /** Milliseconds, including the tolerance. */
  readonly endsAt: number;
  readonly revocable: RevocableToken;
  /** The id of the last snapshot that did not revoke it, to compare with once only. */
  passed: symbol | undefined;
}

/** The parts of a guard that verify JWTs. */
export interface JwtPorts {
  readonly settings: Settings;
  readonly issuer: Issuer;
  readonly feed: RevocationFeed | undefined;
  readonly cache: TokenCache<VerifiedJwt>;
}

/**
 * Verifies a JWT: from memory if it was verified before, and against the newest revocations each time.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4 RFC 9068 §4}
 */
export async function verifyJwt(jwt: string, ports: JwtPorts): Promise<AccessToken> {
  const { issuer, feed, cache, settings } = ports;
  const keysReady = issuer.ready();
  if (keysReady !== undefined) await keysReady;
  issuer.current(); // Throws if the keys are too old, also for a token that was verified before
  const verified = cache.get(jwt) ?? (await checkJwt(jwt, ports));
  // Only now, because an unknown key can make the guard fetch keys, and a removed key drop the revocations
  const feedReady = feed?.ready();
  if (feedReady !== undefined) await feedReady;
  if (settings.clock() >= verified.endsAt) {
    cache.delete(jwt);
    throw new TokenInvalid("expired", "The token has expired.");
  }
  refuseRevoked(verified, feed?.current());
  return verified.token;
}

async function checkJwt(jwt: string, { settings, issuer, feed, cache }: JwtPorts): Promise<VerifiedJwt> {
  const jws = parseJws(jwt);
  const { header, claims } = jws;
  // RFC 8725 §3.11: the type keeps other JWTs of the same issuer from passing as access tokens
  if (!settings.tokenTypes.includes(bareType(String(header.typ ?? "none"))))
    throw new TokenInvalid("type", `The token's \`typ\` is not ${settings.tokenTypes.join(" or ")}.`);
  let { keys } = issuer.current();
  if (!keys.has(header.kid)) ({ keys } = await issuer.afterUnknownKeyIn("token"));
  const { jti, rvk, iat } = claims;
  // At the same time. Nothing is done with the hash before the signature was right.
  const [idHash, signer] = await Promise.all([
    feed !== undefined && typeof jti === "string" ? hashTokenId(jti) : undefined,
    keys.findSigner(jws, settings.algorithms),
  ]);
  const token = acceptClaims(claims, settings);
  const handles = Array.isArray(rvk) ? rvk.filter((each) => typeof each === "string") : [];
  const verified: VerifiedJwt = {
    token,
    endsAt: token.expiresAt.getTime() + settings.clockTolerance * 1000,
    revocable: { kid: signer.kid, issuedAt: iat, handles, idHash },
    passed: undefined,
  };
  // Keys may have changed meanwhile. Then the cache was cleared, and this would put a token of a removed key into it.
  if (issuer.current().keys === keys) cache.set(jwt, verified);
  return verified;
}

function refuseRevoked(verified: VerifiedJwt, list: RevocationList | undefined): void {
  if (list === undefined || verified.passed === list.id) return;
  if (list.revokes(verified.revocable)) throw new TokenInvalid("revoked", "The token was revoked.");
  verified.passed = list.id;
}
