import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { type InvalidReason, TokenInvalid } from "./errors.ts";
import type { Jws } from "./jws.ts";
import { keyObjectOf, nodeCrypto, type VerifyOptions } from "./node-crypto.ts";

/** A key of the issuer. */
export interface IssuerKey {
  /** Undefined if the JWKS gives it none. */
  readonly kid: string | undefined;
  /** The key as it is in the JWKS, to compare it. */
  readonly text: string;
}

/** The issuer's keys, as one JWKS document gave them. */
export interface KeySet {
  /** The texts of all keys. */
  readonly texts: ReadonlySet<string>;
  /** Whether a key has this id. True without an id: then any key may fit. */
  has(kid: string | undefined): boolean;
  /** Whether all keys of an earlier set are still in this one, unchanged. */
  includes(earlier: KeySet): boolean;
  /**
   * Checks the signature of a JWS and returns the key that made it. The key decides which algorithms are possible; the token
   * only chooses among them. Judge the signer by this key: a stolen one can sign a token that names no `kid`.
   * @param algorithms the accepted ones; undefined accepts every asymmetric one
   * @throws {TokenInvalid} No key fits, or the signature is wrong.
   */
  findSigner(jws: Jws, algorithms: readonly string[] | undefined): Promise<IssuerKey>;
}

/** Reads a JWKS document. Throws if it is malformed. Keys that are not for signatures are never found. */
export function createKeySet(document: Readonly<Record<string, unknown>>): KeySet {
  const jwks = createLocalJWKSet(document as unknown as JSONWebKeySet).jwks(); // Throws if it is none
  const all = jwks.keys.map((jwk) => ({
    kid: typeof jwk.kid === "string" ? jwk.kid : undefined,
    text: JSON.stringify(jwk),
    import: createLocalJWKSet({ keys: [jwk] }), // `jose` knows which key fits which algorithm
  }));
  const texts = new Set(all.map(({ text }) => text));
  return {
    texts,
    has: (kid) => kid === undefined || all.some((key) => key.kid === kid),
    includes: (earlier) => [...earlier.texts].every((text) => texts.has(text)),
    async findSigner(jws, algorithms) {
      const { alg = "", kid } = jws.header;
      if (algorithms !== undefined && !algorithms.includes(alg)) throw refusal("ERR_JOSE_ALG_NOT_ALLOWED");
      let problem = "ERR_JWKS_NO_MATCHING_KEY";
      for (const key of all) {
        if (kid !== undefined && kid !== key.kid) continue;
        try {
          if (await isSignedBy(await key.import({ alg }), jws)) return key;
          problem = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
        } catch (error) {
          if (problem === "ERR_JWKS_NO_MATCHING_KEY") problem = Object(error).code;
        }
      }
      throw refusal(problem);
    },
  };
}

/** Called directly, because a second decoding of the token by `jose` costs a tenth of the check itself. */
function isSignedBy(key: CryptoKey, { header: { alg = "" }, signature, signed }: Jws): boolean | Promise<boolean> {
  // RFC 7518 §3.3 and §3.5: RSA keys have at least 2048 bits
  if (Number(Object(key.algorithm).modulusLength ?? 2048) < 2048) throw new errors.JOSENotSupported("short RSA key");
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
  // Node has ML-DSA since 24
  [DOMException.NOT_SUPPORTED_ERR]: [
    "algorithm",
    "This runtime cannot check the algorithm of the issuer's key. Update it, or have the issuer sign the tokens for this API with another algorithm, such as ES256.",
  ],
};

/** Errors of `jose` are not passed on as a cause: some hold the claims. */
function refusal(code: string): TokenInvalid {
  const [reason, message] = reasons[code] ?? [
    "algorithm",
    "The token's algorithm, or the issuer's key for it, is not an asymmetric signature that is supported.",
  ];
  return new TokenInvalid(reason, message);
}
