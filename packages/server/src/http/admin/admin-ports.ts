import type { IdempotencyPorts } from "@carnet/core/admin/idempotency";
import type { KeyPorts } from "@carnet/core/admin/keys";
import type { Authority } from "@carnet/core/admin/permission";
import type { SecretPorts } from "@carnet/core/admin/secrets";
import type { EventStore } from "@carnet/core/audit/event-store";
import type { ChangeRecorderPorts } from "@carnet/core/audit/recorder";
import type { RefusalStore } from "@carnet/core/audit/refusal-store";
import type { UsageStore } from "@carnet/core/audit/usage";
import type { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import type { PepperStore } from "@carnet/core/pepper/pepper-store";
import type { RevocationStore } from "@carnet/core/revocation/revocation-store";
import type { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { ScopeClaims } from "@carnet/core/scope/scope-claims";
import type { AuditPorts } from "../../audit/audit-reader.ts";
import type { GuardPorts } from "./guard.ts";

/** Everything that the admin API needs from the rest of the service. */
export interface AdminPorts extends Omit<SecretPorts, "hasher" | "origin" | "authority">, IdempotencyPorts, GuardPorts {
  readonly hasher: SecretPorts["hasher"];
  readonly peppers: PepperStore;
  readonly events: EventStore;
  readonly store: ClientStore;
  readonly scopes: ScopeCatalogue;
  readonly scopeClaims: Pick<ScopeClaims, "refresh">;
  readonly owners: OwnerStore;
  readonly revocations: RevocationStore;
  readonly keys: KeyPorts;
  /** Whom to ask for a role. */
  readonly platformContact: string;
  readonly directory: ClientDirectory;
  readonly audit: AuditPorts;
  /** How long the store keeps refusals, in days. */
  readonly refusalsMaxAge: number;
  readonly usage: Pick<UsageStore, "read">;
  readonly refusals: Pick<RefusalStore, "unknownCallers">;
  /** Saves the usage and the refusals that this process counted so far. */
  saveCounts(): Promise<void>;
  /** The name of this node in events. */
  readonly node: string;
}

/** The ports of an operation, and who calls it. */
export interface ReadPorts extends AdminPorts {
  readonly authority: Authority;
}

/** The ports of an operation that changes something. */
export interface ChangePorts extends ReadPorts, ChangeRecorderPorts {}
