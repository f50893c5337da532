import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { FreshKey } from "@carnet/core/key/key-changes";
import type { SignedToken } from "@carnet/core/token/token-signer";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { signingAlgorithms } from "./signing-algorithms.ts";

/** A key with its private part. */
export interface SigningKey extends FreshKey {
  readonly privateKey: KeyObject;
}

export const generateSigningKey = async (algorithm: SigningAlgorithmName): Promise<SigningKey> =>
  describe(algorithm, await signingAlgorithms[algorithm].generate());

/** Imports PKCS #8 in DER. The public key is derived from it, so the published key always matches. */
export const importSigningKey = (algorithm: SigningAlgorithmName, der: Uint8Array): Promise<SigningKey> =>
  describe(algorithm, createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }));

async function describe(algorithm: SigningAlgorithmName, privateKey: KeyObject): Promise<SigningKey> {
  const jwk = createPublicKey(privateKey).export({ format: "jwk" }) as Record<string, string>;
  const keyId = await calculateJwkThumbprint(jwk);
  return { keyId, algorithm, privateKey, publicJwk: { ...jwk, kid: keyId, alg: algorithm, use: "sig" } };
}

/** Exports the private key as PKCS #8 in DER, to be sealed. */
export const exportPrivateKey = ({ privateKey }: Pick<SigningKey, "privateKey">): Buffer =>
  privateKey.export({ format: "der", type: "pkcs8" });

/** Signs with one key. */
export type Signer = (claims: object, typ: string) => SignedToken;

/** Creates a signer for one key. The header is the same for each token of a type, so it is encoded once. */
export function createSigner({ keyId, algorithm, privateKey }: SigningKey): Signer {
  const headers = new Map<string, string>();
  const headerOf = (typ: string): string => {
    const encoded =
      headers.get(typ) ?? Buffer.from(JSON.stringify({ typ, alg: algorithm, kid: keyId })).toString("base64url");
    headers.set(typ, encoded);
    return encoded;
  };
  return (claims, typ) => {
    // RFC 7515 §7.1: the compact serialisation
    const signed = `${headerOf(typ)}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
    const signature = signingAlgorithms[algorithm].sign(Buffer.from(signed, "latin1"), privateKey);
    return { token: `${signed}.${signature.toString("base64url")}`, keyId };
  };
}
