import { type CompactJWSHeaderParameters, compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { type InvalidReason, TokenInvalid } from "./errors.ts";

type Key = Parameters<typeof compactVerify>[1];

/** The issuer's keys, as one JWKS document gave them. */
export interface KeySet {
  /** Whether a key has this id. True without an id: then any key may fit. */
  has(kid: string | undefined): boolean;
  /** Whether all keys of an earlier set are still in this one, unchanged. */
  includes(earlier: KeySet): boolean;
  /** The key that `kid` names, as text to compare with. */
  keyText(kid: string | undefined): string | undefined;
  /** The texts of all keys. */
  readonly texts: ReadonlySet<string>;
  /**
   * Checks the signature of a JWS. The key decides which algorithms are possible; the token only chooses among them.
   * @throws {TokenInvalid} no key fits, or the signature is wrong
   */
  checkSignature(jws: string, algorithms: string[] | undefined): Promise<CompactJWSHeaderParameters>;
}

/** Reads a JWKS document. Throws if it is malformed. Keys that are not for signatures are never found. */
export function createKeySet(document: Readonly<Record<string, unknown>>): KeySet {
  const jwks = document as unknown as JSONWebKeySet; // Checked by the next line
  const find = createLocalJWKSet(jwks);
  const textOf = new Map(jwks.keys.map((key) => [key.kid, JSON.stringify(key)]));
  const texts = new Set(jwks.keys.map((key) => JSON.stringify(key)));
  return {
    texts,
    has: (kid) => kid === undefined || textOf.has(kid),
    includes: (earlier) => [...earlier.texts].every((text) => texts.has(text)),
    keyText: (kid) => textOf.get(kid),
    checkSignature: (jws, algorithms) => checkSignature(jws, find, algorithms),
  };
}

async function checkSignature(
  jws: string,
  find: ReturnType<typeof createLocalJWKSet>,
  algorithms: string[] | undefined,
) {
  const options = algorithms && { algorithms };
  try {
    return (await compactVerify(jws, find, options)).protectedHeader;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw refusalOf(error);
    // A token without a `kid`, from a server with several keys
    for await (const key of error) {
      const verified = await compactVerify(jws, key as Key, options).catch(() => undefined);
      if (verified !== undefined) return verified.protectedHeader;
    }
    throw new TokenInvalid("signature", "No key of the issuer made the token's signature.");
  }
}

const reasons: Readonly<Record<string, readonly [InvalidReason, string]>> = {
  ERR_JWKS_NO_MATCHING_KEY: ["unknown_key", "The issuer has no key with the token's `kid` and algorithm."],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ["signature", "The token's signature is wrong."],
  ERR_JOSE_ALG_NOT_ALLOWED: ["algorithm", "The token's algorithm is not one of `algorithms`."],
  ERR_JOSE_NOT_SUPPORTED: ["algorithm", "The token's algorithm is not an asymmetric signature that is supported."],
};

/** Errors of `jose` are not passed on as a cause: some hold the claims. */
function refusalOf(error: unknown): TokenInvalid {
  const [reason, message] =
    reasons[Object(error).code] ?? (["malformed", "The token is not a well-formed JWS."] as const);
  return new TokenInvalid(reason, message);
}
