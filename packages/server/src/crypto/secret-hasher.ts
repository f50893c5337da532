import { createHmac, createSecretKey } from "node:crypto";
import type { SecretHasher } from "@carnet/core/client/secret-hasher";

/** HMAC-SHA-256 under the pepper. */
export function createSecretHasher(pepper: Uint8Array): SecretHasher {
  const key = createSecretKey(pepper);
  return { digest: (clientId, secret) => createHmac("sha256", key).update(`${clientId}\0${secret}`).digest() };
}
