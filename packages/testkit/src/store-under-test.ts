import type { EventStore } from "@carnet/core/audit/event-store";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import type { RevocationStore } from "@carnet/core/revocation/revocation-store";
import type { ScopeStore } from "@carnet/core/scope/scope-catalogue";
import type { FixedClock } from "./fixed-clock.ts";

/** A store under test, with a second connection to the same data if the store supports that. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ClientStore;
  readonly other: ClientStore;
  /** Connections to the same data whose calls can overlap in one process. */
  readonly contenders: readonly ClientStore[];
  readonly answers: IdempotencyStore;
  /** The events of the changes, as another connection sees them. */
  readonly events: EventStore;
  readonly scopes: ScopeStore;
  readonly owners: OwnerStore;
  readonly revocations: RevocationStore;
  /** The clock of the store. */
  readonly clock: FixedClock;
}
