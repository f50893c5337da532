import { hash } from "node:crypto";

/** The bytes of SHA-256 that are kept. */
const hashLength = 16;

/** The hash of a token's `jti`, so that the list of revoked tokens names no token. Verifiers compute the same. */
export const hashTokenId = (jti: string): string =>
  hash("sha256", jti, "buffer").subarray(0, hashLength).toString("base64url");
