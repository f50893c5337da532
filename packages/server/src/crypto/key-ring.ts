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
  #current: ReturnType<typeof open>;

  /** Publishes all keys and signs with the last one. */
  constructor(keys: readonly SigningKey[]) {
    this.#current = open(keys);
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

  /** Replaces all keys. */
  replace(keys: readonly SigningKey[]): void {
    this.#current = open(keys);
  }
}

function open(keys: readonly SigningKey[]) {
  const signingKey = keys.at(-1);
  if (signingKey === undefined) throw new Error("a key ring needs a key to sign with");
  const published = keys.map(({ publicJwk }) => publicJwk);
  return {
    ...{ published, signingKeyId: signingKey.keyId },
    ...{ find: createLocalJWKSet({ keys: published }), signer: createSigner(signingKey) },
  };
}
