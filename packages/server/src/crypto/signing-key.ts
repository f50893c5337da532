import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { TokenSigner } from "@carnet/core/token/token-signer";
import type { JWK } from "jose";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { type SigningAlgorithmName, signingAlgorithms } from "./signing-algorithms.ts";

/** A key that signs tokens. */
export interface SigningKey {
  /** The thumbprint of the public key. @see https://www.rfc-editor.org/rfc/rfc7638#section-3 */
  readonly keyId: string;
  readonly algorithm: SigningAlgorithmName;
  readonly privateKey: KeyObject;
  /** The public key with `kid`, `alg` and `use`, as JWKS publishes it. */
  readonly publicJwk: JWK;
}

export const generateSigningKey = (algorithm: SigningAlgorithmName): Promise<SigningKey> =>
  describe(algorithm, signingAlgorithms[algorithm].generate().privateKey);

/** Imports PKCS #8 in DER. The public key is derived from it, so the published key always matches. */
export const importSigningKey = (algorithm: SigningAlgorithmName, der: Buffer): Promise<SigningKey> =>
  describe(algorithm, createPrivateKey({ key: der, format: "der", type: "pkcs8" }));

async function describe(algorithm: SigningAlgorithmName, privateKey: KeyObject): Promise<SigningKey> {
  const jwk: JWK = createPublicKey(privateKey).export({ format: "jwk" });
  const keyId = await calculateJwkThumbprint(jwk);
  return { keyId, algorithm, privateKey, publicJwk: { ...jwk, kid: keyId, alg: algorithm, use: "sig" } };
}

/** Exports the private key as PKCS #8 in DER, to be sealed. */
export const exportPrivateKey = (key: SigningKey): Buffer => key.privateKey.export({ format: "der", type: "pkcs8" });

/** Creates a signer for one key. The header is the same for each token of a type, so it is encoded once. */
export function createSigner(key: SigningKey): TokenSigner {
  const headers = new Map<string, string>();
  const headerOf = (typ: string): string => {
    const header = { typ, alg: key.algorithm, kid: key.keyId };
    const encoded = headers.get(typ) ?? Buffer.from(JSON.stringify(header)).toString("base64url");
    headers.set(typ, encoded);
    return encoded;
  };
  return {
    async sign(claims, typ) {
      // RFC 7515 §7.1: the compact serialisation
      const signed = `${headerOf(typ)}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
      const signature = signingAlgorithms[key.algorithm].sign(Buffer.from(signed, "latin1"), key.privateKey);
      return { token: `${signed}.${signature.toString("base64url")}`, keyId: key.keyId };
    },
  };
}
