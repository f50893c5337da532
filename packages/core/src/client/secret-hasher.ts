/** Turns secrets into the digests that they are found by. */
export interface SecretHasher {
  /** HMAC-SHA-256 of the client id and the secret under the pepper, which only the server has. 32 bytes. */
  digest(clientId: string, secret: string): Uint8Array;
}

/** Compares two digests. The HMAC key is secret, so the time that a comparison takes reveals nothing. */
export const sameDigest = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, at) => byte === right[at]);
