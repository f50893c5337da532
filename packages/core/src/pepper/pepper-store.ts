import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { Redacted } from "@carnet/protocol/redacted";
import type { Result } from "@carnet/protocol/result";
import type { AdminProblem } from "../admin-problem.ts";
import type { ObjectsChanged } from "../audit/event.ts";
import type { PepperChange, PepperRecord } from "./pepper.ts";

/** What is stored in the transaction of a rotation. */
export interface StoredRotation extends PepperChange {
  /** The key of the new pepper: 32 bytes. */
  readonly key: Redacted<Uint8Array>;
  readonly event: ObjectsChanged;
}

/** How many secrets can be used, by their pepper. */
export interface RotationProgress {
  /** Under the newest pepper. */
  readonly moved: number;
  /** Under an older one. They end with it unless they are used before. */
  readonly toMove: number;
}

/** A secret under an older pepper. */
export interface UnmovedSecret {
  readonly secretId: SecretId;
  readonly clientId: ClientId;
  readonly label: string | null;
  /** Before the rotation, or before it reached the store. */
  readonly lastUsedAt: number | null;
}

/** Stores the peppers. Their keys are encrypted, and never part of a record. */
export interface PepperStore {
  list(): Promise<readonly PepperRecord[]>;
  /** Decides on a new pepper and stores it with its event, in one transaction and one process at a time. */
  rotate(
    decide: (peppers: readonly PepperRecord[]) => Result<StoredRotation, AdminProblem>,
  ): Promise<Result<StoredRotation, AdminProblem>>;
  /** Counts in steps, so that other requests run between them. */
  progress(now: number): Promise<RotationProgress>;
  /** One page of the secrets that have not moved and can still be used, by secret id. */
  unmoved(page: {
    readonly now: number;
    /** Start after this secret. null: with the first one. */
    readonly after: string | null;
    readonly limit: number;
  }): Promise<readonly UnmovedSecret[]>;
  /**
   * Deletes the key of an ended pepper, and stores the event that is made from how many usable secrets have ended with it.
   * Undefined: another process has done that.
   */
  deleteKey(
    pepperId: string,
    now: number,
    describe: (ended: number) => ObjectsChanged,
  ): Promise<ObjectsChanged | undefined>;
}
