import type { FreshKeyPair, KeyMaker } from "@carnet/core/key/signing-key-store";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { keyMaker } from "@carnet/server/crypto/key-maker";

const made = new Map<SigningAlgorithmName, Promise<FreshKeyPair>[]>();

/** Gives each world keys that it has not had yet. All worlds share them, because making one takes longer than using it. */
export function createKeyPool(): KeyMaker {
  const used = new Map<SigningAlgorithmName, number>();
  return {
    generate(algorithm) {
      const number = used.get(algorithm) ?? 0;
      used.set(algorithm, number + 1);
      const pairs = made.get(algorithm) ?? [];
      made.set(algorithm, pairs);
      const pair = pairs[number] ?? keyMaker.generate(algorithm);
      pairs[number] = pair;
      return pair;
    },
  };
}
