import type { IdempotencyPorts } from "@carnet/core/admin/idempotency";
import type { SecretPorts } from "@carnet/core/admin/secrets";
import type { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { GuardPorts } from "./guard.ts";

/** Everything that the admin API needs from the rest of the service. */
export interface AdminPorts extends Omit<SecretPorts, "hasher">, IdempotencyPorts, GuardPorts {
  readonly hasher: SecretPorts["hasher"];
  readonly store: ClientStore;
  readonly scopes: ScopeCatalogue;
  readonly directory: ClientDirectory;
}
