import type { VerificationKeys } from "@carnet/server/crypto/key-ring";

/** For tests that verify no token. */
export const noKeys: VerificationKeys = {
  published: [],
  find() {
    throw new Error("there are no keys");
  },
};
