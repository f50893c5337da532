import type { ClientStore } from "@carnet/core/client/client-store";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import type { FixedClock } from "./fixed-clock.ts";

/** A store under test, with a second connection to the same data if the store supports that. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ClientStore;
  readonly other: ClientStore;
  /** Connections to the same data whose calls can overlap in one process. */
  readonly contenders: readonly ClientStore[];
  readonly answers: IdempotencyStore;
  /** The clock of the store. */
  readonly clock: FixedClock;
}
