import type { CryptoKey } from "jose";

/** How `node:crypto` checks a signature. Its algorithm is the key's. */
export interface VerifyOptions {
  readonly key: unknown;
  readonly dsaEncoding: "ieee-p1363";
  readonly padding?: number;
  readonly saltLength?: number;
}

interface NodeCrypto {
  hash(algorithm: "sha256", text: string, output: "buffer"): Uint8Array;
  verify(hash: string, data: Uint8Array, options: VerifyOptions, signature: Uint8Array): boolean;
  readonly KeyObject: { from(key: CryptoKey): unknown };
}

/**
 * `node:crypto`, in runtimes that have all of it that the guard calls. Web Crypto does each operation on another thread,
 * which costs more than most of them.
 */
export const nodeCrypto: NodeCrypto | undefined = findNodeCrypto();

function findNodeCrypto(): NodeCrypto | undefined {
  const found = Object(globalThis)["process"]?.getBuiltinModule?.("node:crypto");
  return found?.hash && found.verify && found.KeyObject?.from ? found : undefined;
}

const keyObjects = new WeakMap<CryptoKey, unknown>();

/** The key as `node:crypto` takes it. */
export function keyObjectOf(key: CryptoKey, { KeyObject }: NodeCrypto): unknown {
  const known = keyObjects.get(key) ?? KeyObject.from(key);
  keyObjects.set(key, known);
  return known;
}
