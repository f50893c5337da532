import type { Result } from "@carnet/protocol/result";

/** How secrets are turned into what is kept of them. All under a pepper that only the server has. */
export interface SecretHasher {
  /** The fast hash: one HMAC, bound to the client id. For secrets that are random. */
  digest(clientId: string, secret: string): Uint8Array;
  /** The slow hash, off the event loop and few at a time; `busy` where too many wait already. */
  slowDigest(secret: string, salt: Uint8Array): Promise<Result<Uint8Array, "busy">>;
  /** Compares two digests in constant time. */
  equal(left: Uint8Array, right: Uint8Array): boolean;
}
