import type { SecretHasher } from "@carnet/core/client/secret-hasher";
import { createHmacSha256 } from "./hmac-sha256.ts";

/** HMAC-SHA-256 under the pepper. */
export function createSecretHasher(pepper: Uint8Array): SecretHasher {
  const hmac = createHmacSha256(pepper);
  return { digest: (clientId, secret) => hmac(`${clientId}\0${secret}`) };
}
