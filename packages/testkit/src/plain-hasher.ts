import { createHash } from "node:crypto";
import type { SecretHasher } from "@carnet/core/client/secret-hasher";

/** Hashes without a pepper, for tests that look at digests. */
export const plainHasher: SecretHasher = {
  digest: (clientId, secret) => createHash("sha256").update(`${clientId}\0${secret}`).digest(),
};
