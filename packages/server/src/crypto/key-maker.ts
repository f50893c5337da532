import type { KeyMaker } from "@carnet/core/key/signing-key-store";
import { Redacted } from "@carnet/protocol/redacted";
import { exportPrivateKey, generateSigningKey } from "./signing-key.ts";

/** Makes keys with `node:crypto`. */
export const keyMaker: KeyMaker = {
  async generate(algorithm) {
    const { keyId, publicJwk, ...key } = await generateSigningKey(algorithm);
    return { keyId, algorithm, publicJwk, privateKey: new Redacted<Uint8Array>(exportPrivateKey(key)) };
  },
};
