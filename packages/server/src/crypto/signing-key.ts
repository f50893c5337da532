import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { AccessTokenSigner, SignedToken } from "@carnet/core/token/access-token-signer";
import { accessTokenType } from "@carnet/protocol/access-token-claims";
import type { JWK } from "jose";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { type SigningAlgorithmName, signingAlgorithms } from "./signing-algorithms.ts";
import { SigningThread } from "./signing-thread.ts";

/** A key that signs access tokens. */
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

/** Signs access tokens and other JWTs. */
export interface JwtSigner extends AccessTokenSigner {
  /** Returns the claims as a JWT of this `typ`, or as an access token. */
  sign(claims: object, type?: string): Promise<SignedToken>;
}

/** A signer with a thread of its own, to be closed after use. */
interface ClosableSigner extends JwtSigner {
  close(): Promise<void>;
}

/** Creates a signer for one key. The header is the same for each access token, so it is encoded once. */
export function createSigner(key: SigningKey, reportFault: (fault: unknown) => void): ClosableSigner {
  const thread = new SigningThread(key, reportFault);
  const encodeHeader = (typ: string) =>
    Buffer.from(JSON.stringify({ typ, alg: key.algorithm, kid: key.keyId })).toString("base64url");
  const tokenHeader = encodeHeader(accessTokenType);
  return {
    async sign(claims, type) {
      // RFC 7515 §7.1: the compact serialisation
      const header = type === undefined ? tokenHeader : encodeHeader(type);
      const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
      return { token: `${signed}.${await thread.sign(signed)}`, keyId: key.keyId };
    },
    close: () => thread.close(),
  };
}
