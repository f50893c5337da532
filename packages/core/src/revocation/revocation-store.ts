import type { ClientId } from "@carnet/protocol/ids";
import type { StoredWithChange } from "../audit/recorder.ts";
import type { RevocableToken, Revocation } from "./revocation.ts";

/**
 * Stores revocations. Each is atomic with its event, and durable once its promise is fulfilled. `ClientStore` adds those
 * that come with the change of a client: a handle that no longer names its client or secret is revoked.
 */
export interface RevocationStore {
  /** A revocation that matches a token and has not ended. */
  find(token: RevocableToken, now: number): Promise<Revocation | undefined>;
  /**
   * Adds a revocation. Of two cut-offs for the same tokens the later one stays. `full`: the client has `limit` revoked
   * tokens already, and nothing was added.
   */
  add(
    revocation: Revocation,
    change: StoredWithChange & { readonly limit?: number },
  ): Promise<"added" | "known" | "full">;
  /** Those that have not ended, in the order in which they were added. `after`: the number of the last one that is known. */
  list(query: RevocationQuery): Promise<readonly StoredRevocation[]>;
  /** Deletes what ended `keptAfterEnd` ago. */
  deleteEnded(now: number): Promise<void>;
}

export interface RevocationQuery {
  readonly now: number;
  /** Those of clients of these owners, from when each was registered. null: all. */
  readonly owners: readonly string[] | null;
  readonly clientId: ClientId | null;
  readonly after: number;
  readonly limit: number;
}

export interface StoredRevocation extends Revocation {
  /** Increases with each revocation. A cut-off that is moved gets a new number. */
  readonly number: number;
}

/** The cut-offs that a process knows. It issues no token that one of them matches. */
export interface CutOffs {
  /** Tokens of this client that are issued until then would be revoked, in seconds since the epoch. 0: there is no cut-off. */
  issuedUntil(clientHandle: string): number;
}
