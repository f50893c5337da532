import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { type InvalidReason, TokenInvalid } from "./errors.ts";
import type { Jws } from "./jws.ts";
import { keyObjectOf, nodeCrypto, type VerifyOptions } from "./node-crypto.ts";

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

/** Called directly, because a second decoding of the token by `jose` costs a tenth of the check itself. */
function isSignedBy(key: CryptoKey, { header: { alg = "" }, signature, signed }: Jws): boolean | Promise<boolean> {
  // RFC 7518 §3.3 and §3.5: RSA keys have at least 2048 bits
  if (Number(Object(key.algorithm).modulusLength ?? 2048) < 2048) throw refusal("ERR_JOSE_NOT_SUPPORTED");
  const bits = Number(alg.slice(2)); // ES256, RS256, PS256; other algorithms ignore what is made of it
  const saltLength = bits / 8; // RFC 7518 §3.5: a salt as long as the hash
  if (nodeCrypto === undefined || !isCheckedHere.test(alg))
    return crypto.subtle.verify({ name: key.algorithm.name, hash: `SHA-${bits}`, saltLength }, key, signature, signed);
  // RFC 7518 §3.4: R and S concatenated, not DER
  const options: VerifyOptions = {
    key: keyObjectOf(key, nodeCrypto),
    dsaEncoding: "ieee-p1363",
    ...(alg.startsWith("PS") && { padding: pss, saltLength }),
  };
  return nodeCrypto.verify(`sha${bits}`, signed, options, signature);
}

/** Checks that take less than a thread of Web Crypto needs to start one. Those of ES384 and ES512 take a millisecond. */
const isCheckedHere = /^(ES256|[RP]S\d{3})$/;

/** `RSA_PKCS1_PSS_PADDING` of OpenSSL. */
const pss = 6;

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
