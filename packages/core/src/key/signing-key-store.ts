import type { Redacted } from "@carnet/protocol/redacted";
import type { Result } from "@carnet/protocol/result";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import type { ObjectsChanged } from "../audit/event.ts";
import type { FreshKey, KeyChange } from "./key-changes.ts";
import type { SigningKeyRecord } from "./key-ring.ts";

/** A key that is not in the ring yet, with its private part as PKCS #8 in DER. */
export interface FreshKeyPair extends FreshKey {
  readonly privateKey: Redacted<Uint8Array>;
}

/** What is stored in the transaction of a change of the ring. */
export interface StoredKeyChange extends KeyChange {
  readonly event: ObjectsChanged;
}

/** Stores the keys. Private keys are encrypted, and never part of a record. */
export interface SigningKeyStore {
  list(): Promise<readonly SigningKeyRecord[]>;
  /**
   * Decides on a change and stores it, with its event and with the revocations of the tokens of revoked keys, in one
   * transaction and one process at a time. `pairs` has the private part of each key that is new.
   */
  change<Refusal>(
    pairs: readonly FreshKeyPair[],
    decide: (keys: readonly SigningKeyRecord[]) => Result<StoredKeyChange, Refusal>,
  ): Promise<Result<StoredKeyChange, Refusal>>;
  /** Deletes keys, with their private parts. */
  delete(keyIds: readonly string[]): Promise<void>;
}

/** Makes keys. */
export interface KeyMaker {
  generate(algorithm: SigningAlgorithmName): Promise<FreshKeyPair>;
}
