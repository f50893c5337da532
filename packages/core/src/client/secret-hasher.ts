/** Turns secrets into the digests that they are found by. */
export interface SecretHasher {
  /** The pepper that new digests are made under. */
  readonly current: string;
  /** The digest under the current pepper, for what is stored now. */
  digest(clientId: string, secret: string): PepperedDigest;
  /**
   * The digest under each pepper that has not ended, whether or not anything is stored under it, in the order in which
   * secrets move. A secret that moves during a look-up in this order is still found.
   */
  digests(clientId: string, secret: string): readonly PepperedDigest[];
  /**
   * Reads the peppers again if that was not done lately. True: there are others now, so what was not found may be found
   * under them. Rejects if the store cannot be read.
   */
  catchUp(): Promise<boolean>;
}

/** HMAC-SHA-256 of the client id and the secret under a pepper, which only the server has. 32 bytes. */
export interface PepperedDigest {
  readonly digest: Uint8Array;
  /** The id of the pepper. */
  readonly pepper: string;
  /** When the pepper ends, in milliseconds since the epoch. null: it was not rotated. */
  readonly endsAt: number | null;
}

/** Compares two digests. The HMAC key is secret, so the time that a comparison takes reveals nothing. */
export const sameDigest = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, at) => byte === right[at]);

/** Whether one of several digests is the same as another. */
export const includesDigest = (digests: readonly Pick<PepperedDigest, "digest">[], sought: Uint8Array): boolean =>
  digests.some(({ digest }) => sameDigest(digest, sought));
