import { hash } from "node:crypto";

/** The characters of a hash: the first 16 bytes of SHA-256 in base64url. */
const hashLength = 22;

/** The hash of a token's `jti`, so that the list of revoked tokens names no token. Verifiers compute the same. */
export const hashTokenId = (jti: string): string => hash("sha256", jti, "base64url").slice(0, hashLength);
