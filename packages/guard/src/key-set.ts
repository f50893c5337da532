import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { type InvalidReason, TokenInvalid } from "./errors.ts";
import type { Jws } from "./jws.ts";

/** The issuer's keys, as one JWKS document gave them. */
export interface KeySet {
  /** The texts of all keys. */
  readonly texts: ReadonlySet<string>;
  /** The text of the key that `kid` names. */
  keyText(kid: string | undefined): string | undefined;
  /** Whether a key has this id. True without an id: then any key may fit. */
  has(kid: string | undefined): boolean;
  /** Whether all keys of an earlier set are still in this one, unchanged. */
  includes(earlier: KeySet): boolean;
  /**
   * Checks the signature of a JWS. The key decides which algorithms are possible; the token only chooses among them.
   * @param algorithms the accepted ones; undefined accepts every asymmetric one
   * @throws {TokenInvalid} No key fits, or the signature is wrong.
   */
  checkSignature(jws: Jws, algorithms: readonly string[] | undefined): Promise<void>;
}

/** Reads a JWKS document. Throws if it is malformed. Keys that are not for signatures are never found. */
export function createKeySet(document: Readonly<Record<string, unknown>>): KeySet {
  const jwks = document as unknown as JSONWebKeySet; // Checked by the next line
  const find = createLocalJWKSet(jwks);
  const textOf = new Map(jwks.keys.map((key) => [key.kid, JSON.stringify(key)]));
  const texts = new Set(jwks.keys.map((key) => JSON.stringify(key)));
  return {
    texts,
    keyText: (kid) => textOf.get(kid),
    has: (kid) => kid === undefined || textOf.has(kid),
    includes: (earlier) => [...earlier.texts].every((text) => texts.has(text)),
    async checkSignature(jws, algorithms) {
      const { alg = "" } = jws.header;
      if (algorithms !== undefined && !algorithms.includes(alg)) throw refusal("ERR_JOSE_ALG_NOT_ALLOWED");
      for (const key of await candidates(find, jws)) if (await isSignedBy(key, jws)) return;
      throw refusal("ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
    },
  };
}

/** The keys that fit the header: one, or several for a token without a `kid`. `jose` knows which key fits which algorithm. */
async function candidates(find: ReturnType<typeof createLocalJWKSet>, { header }: Jws): Promise<readonly CryptoKey[]> {
  try {
    return [await find({ ...header, alg: header.alg ?? "" })];
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw refusal(Object(error).code);
    const keys: CryptoKey[] = [];
    for await (const key of error) keys.push(key);
    return keys;
  }
}

/** Web Crypto is called directly, because a second decoding of the token by `jose` costs a tenth of the check itself. */
async function isSignedBy(key: CryptoKey, { header: { alg = "" }, signature, signed }: Jws): Promise<boolean> {
  // RFC 7518 §3.3 and §3.5: RSA keys have at least 2048 bits
  if (Number(Object(key.algorithm).modulusLength ?? 2048) < 2048) throw refusal("ERR_JOSE_NOT_SUPPORTED");
  const bits = Number(alg.slice(2)); // ES256, RS256, PS256; other algorithms ignore what is made of it
  // RFC 7518 §3.4 and §3.5: the hash of the name, and for PS a salt as long as the hash
  const parameters = { name: key.algorithm.name, hash: `SHA-${bits}`, saltLength: bits / 8 };
  return crypto.subtle.verify(parameters, key, signature, signed);
}

const reasons: Readonly<Record<string, readonly [InvalidReason, string]>> = {
  ERR_JWKS_NO_MATCHING_KEY: ["unknown_key", "The issuer has no key with the token's `kid` and algorithm."],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ["signature", "The token's signature is wrong."],
  ERR_JOSE_ALG_NOT_ALLOWED: ["algorithm", "The token's algorithm is not one of `algorithms`."],
};

/** Errors of `jose` are not passed on as a cause: some hold the claims. */
function refusal(code: string): TokenInvalid {
  const [reason, message] = reasons[code] ?? [
    "algorithm",
    "The token's algorithm, or the issuer's key for it, is not an asymmetric signature that is supported.",
  ];
  return new TokenInvalid(reason, message);
}
