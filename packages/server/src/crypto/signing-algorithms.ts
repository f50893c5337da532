import { constants, generateKeyPair, type KeyObject, type SigningOptions, sign, verify } from "node:crypto";
import { promisify } from "node:util";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";

/** A signature algorithm. To support another one, add a row below and its name to the protocol. */
export interface SigningAlgorithm {
  generate(): Promise<KeyObject>;
  /** Whether a key is of the right kind and long enough. */
  accepts(key: KeyObject): boolean;
  sign(data: Uint8Array, privateKey: KeyObject): Buffer;
  verify(data: Uint8Array, publicKey: KeyObject, signature: Uint8Array): boolean;
}

/** In a thread, because an RSA key takes up to a second. */
const generatePair = promisify(generateKeyPair) as (
  type: string,
  options?: object,
) => Promise<{ readonly privateKey: KeyObject }>;

const generate = (type: string, options?: object) => async () => (await generatePair(type, options)).privateKey;

/** With `node:crypto`, because Web Crypto is slower and warns that its ML-DSA is experimental. */
const signatures = (hash: string | null, options: SigningOptions = {}): Pick<SigningAlgorithm, "sign" | "verify"> => ({
  sign: (data, key) => sign(hash, data, { key, ...options }),
  verify: (data, key, signature) => verify(hash, data, { key, ...options }, signature),
});

const ellipticCurve = (curve: string, hash: string): SigningAlgorithm => ({
  generate: generate("ec", { namedCurve: curve }),
  accepts: ({ asymmetricKeyType, asymmetricKeyDetails }) =>
    asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === curve,
  // RFC 7518 §3.4: R and S concatenated, not DER
  ...signatures(hash, { dsaEncoding: "ieee-p1363" }),
});

const rsa = (options: SigningOptions): SigningAlgorithm => ({
  generate: generate("rsa", { modulusLength: 2048 }),
  // RFC 7518 §3.3 and §3.5: 2048 bits or more. Longer than 4096 takes a service too long for each token.
  // FIPS 186-5 §5.4: an exponent of more than 2^16. With 1, anyone can sign; Go refuses more than 2^31 - 1
  accepts({ asymmetricKeyType, asymmetricKeyDetails }) {
    const { modulusLength: bits = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
    const isLong = bits >= 2048 && bits <= 4096;
    return asymmetricKeyType === "rsa" && isLong && publicExponent > 65_536n && publicExponent < 2n ** 31n;
  },
  ...signatures("sha256", options),
});

/** Algorithms that hash by themselves. */
const pure = (type: "ed25519" | "ml-dsa-44" | "ml-dsa-65"): SigningAlgorithm => ({
  generate: generate(type),
  accepts: ({ asymmetricKeyType }) => asymmetricKeyType === type,
  ...signatures(null),
});

export const signingAlgorithms: Readonly<Record<SigningAlgorithmName, SigningAlgorithm>> = {
  ES256: ellipticCurve("prime256v1", "sha256"),
  ES384: ellipticCurve("secp384r1", "sha384"),
  Ed25519: pure("ed25519"),
  EdDSA: pure("ed25519"),
  RS256: rsa({ padding: constants.RSA_PKCS1_PADDING }),
  // RFC 7518 §3.5: a salt as long as the hash
  PS256: rsa({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  "ML-DSA-44": pure("ml-dsa-44"),
  "ML-DSA-65": pure("ml-dsa-65"),
};
