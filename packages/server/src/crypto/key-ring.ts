import type { TokenSigner } from "@carnet/core/token/token-signer";
import type { JWK, JWTVerifyGetKey } from "jose";
import { createLocalJWKSet } from "jose/jwks/local";
import { createSigner, type SigningKey } from "./signing-key.ts";

/** The keys that verify tokens. They can change at any time: read them on each use and keep no copy. */
export interface VerificationKeys {
  /** What JWKS publishes. */
  readonly published: readonly JWK[];
  /** Finds the published key that a token names, for `jwtVerify`. */
  readonly find: JWTVerifyGetKey;
}

/** The keys of the service. Signing, JWKS and the admin guard share one ring, so a change reaches them all at once. */
export class KeyRing implements TokenSigner, VerificationKeys {
  readonly #reportFault: (fault: unknown) => void;
  #current: ReturnType<typeof open>;

  /** Publishes all keys and signs with the last one. Faults of the signing thread are reported. */
  constructor(keys: readonly SigningKey[], reportFault: (fault: unknown) => void) {
    this.#reportFault = reportFault;
    this.#current = open(keys, reportFault);
  }

  get published(): readonly JWK[] {
    return this.#current.published;
  }

  readonly find: JWTVerifyGetKey = (header, token) => this.#current.find(header, token);

  /** The id of the key that signs now. */
  get signingKeyId(): string {
    return this.#current.signingKeyId;
  }

  readonly sign: TokenSigner["sign"] = (claims, typ) => this.#current.signer.sign(claims, typ);

  /** Replaces all keys and closes the thread of the key that signed. Signatures in progress are finished with that key. */
  async replace(keys: readonly SigningKey[]): Promise<void> {
    const { signer } = this.#current;
    this.#current = open(keys, this.#reportFault);
    await signer.close();
  }

  close(): Promise<void> {
    return this.#current.signer.close();
  }
}

function open(keys: readonly SigningKey[], reportFault: (fault: unknown) => void) {
  const signingKey = keys.at(-1);
  if (signingKey === undefined) throw new Error("a key ring needs a key to sign with");
  const published = keys.map(({ publicJwk }) => publicJwk);
  return {
    ...{ published, signingKeyId: signingKey.keyId },
    ...{ find: createLocalJWKSet({ keys: published }), signer: createSigner(signingKey, reportFault) },
  };
}
