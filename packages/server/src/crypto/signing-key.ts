import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { AccessTokenSigner } from "@carnet/core/token/mint";
import { accessTokenType } from "@carnet/protocol/access-token-claims";
import type { JWK } from "jose";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { type SigningAlgorithmName, signingAlgorithms } from "./signing-algorithms.ts";
import { SigningThread } from "./signing-thread.ts";

/** A key that signs access tokens. */
export interface SigningKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly keyId: string;
  readonly algorithm: SigningAlgorithmName;
  readonly privateKey: KeyObject;
  /** As it is published, with `kid`, `alg` and `use`. */
  readonly publicJwk: JWK;
}

export const generateSigningKey = (algorithm: SigningAlgorithmName): Promise<SigningKey> =>
  describe(algorithm, signingAlgorithms[algorithm].generate().privateKey);

/** From PKCS #8 in DER. The public part is worked out anew, so what is published fits what signs. */
export const importSigningKey = (algorithm: SigningAlgorithmName, der: Buffer): Promise<SigningKey> =>
  describe(algorithm, createPrivateKey({ key: der, format: "der", type: "pkcs8" }));

async function describe(algorithm: SigningAlgorithmName, privateKey: KeyObject): Promise<SigningKey> {
  const jwk: JWK = createPublicKey(privateKey).export({ format: "jwk" });
  const keyId = await calculateJwkThumbprint(jwk);
  return { keyId, algorithm, privateKey, publicJwk: { ...jwk, kid: keyId, alg: algorithm, use: "sig" } };
}

/** The private part as it is sealed: PKCS #8 in DER. */
export const exportPrivateKey = (key: SigningKey): Buffer => key.privateKey.export({ format: "der", type: "pkcs8" });

/** A signer with a thread of its own, which is to be ended. */
interface ClosableSigner extends AccessTokenSigner {
  close(): Promise<void>;
}

/** Signs with one key, until it is closed. The header is the same for each token, so it is encoded once. */
export function createSigner(key: SigningKey, tellFault: (fault: unknown) => void): ClosableSigner {
  const thread = new SigningThread(key, tellFault);
  const header = { typ: accessTokenType, alg: key.algorithm, kid: key.keyId };
  const encodedHeader = Buffer.from(JSON.stringify(header)).toString("base64url");
  return {
    keyId: key.keyId,
    async sign(claims) {
      // RFC 7515 §7.1: the compact serialisation
      const signed = `${encodedHeader}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
      return `${signed}.${await thread.sign(signed)}`;
    },
    close: () => thread.close(),
  };
}
