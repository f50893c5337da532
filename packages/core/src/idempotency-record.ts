import { problem } from "./admin-problem.ts";

/**
 * The answer to a request that carried an `Idempotency-Key`. It is stored in the transaction of the change, sealed so
 * that only the same client with the same key can open it.
 */
export interface IdempotencyRecord {
  /** Keyed digest of the `Idempotency-Key` and its client. */
  readonly keyDigest: Uint8Array;
  /** The same under other peppers. A record under one of them is of the same request. */
  readonly otherKeyDigests?: readonly Uint8Array[] | undefined;
  /** Keyed digest of the request. */
  readonly requestDigest: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Ten minutes, in milliseconds: enough to retry. Short, because the answer contains the generated secret. */
export const idempotencyRecordLifetime = 600_000;

export interface IdempotencyStore {
  /** Does not return an expired record. */
  findRecord(keyDigest: Uint8Array): Promise<IdempotencyRecord | undefined>;
}

/** Another call carried out the same request meanwhile, so its answer can be replayed now. */
export const alreadyCarriedOut = problem("repeated", "the same request is already in progress: send it again");
