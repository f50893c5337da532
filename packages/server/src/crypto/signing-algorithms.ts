import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A signature algorithm. To support another one, add a row below. */
interface SigningAlgorithm {
  generate(): { readonly privateKey: KeyObject };
  sign(data: Uint8Array, privateKey: KeyObject): Buffer;
}

/** Names as in RFC 7518 §3.1. */
export const signingAlgorithms = {
  ES256: {
    generate: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    // RFC 7518 §3.4: R and S concatenated, not DER
    sign: (data, key) => sign("sha256", data, { key, dsaEncoding: "ieee-p1363" }),
  },
} as const satisfies Readonly<Record<string, SigningAlgorithm>>;

export type SigningAlgorithmName = keyof typeof signingAlgorithms;

export const isSigningAlgorithm = (name: string): name is SigningAlgorithmName =>
  Object.hasOwn(signingAlgorithms, name);
