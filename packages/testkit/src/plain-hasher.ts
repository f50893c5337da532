import { createHash } from "node:crypto";
import type { PepperedDigest, SecretHasher } from "@carnet/core/client/secret-hasher";
import { firstPepper } from "@carnet/core/pepper/pepper";

/** Hashes without a pepper, for tests that look at digests. */
export const plainHasher: SecretHasher = {
  current: firstPepper,
  digest: plainDigest,
  digests: (clientId, secret) => [plainDigest(clientId, secret)],
  catchUp: async () => false,
};

function plainDigest(clientId: string, secret: string): PepperedDigest {
  const digest = createHash("sha256").update(`${clientId}\0${secret}`).digest();
  return { digest, pepper: firstPepper, endsAt: null };
}
