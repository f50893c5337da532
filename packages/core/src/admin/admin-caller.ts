import type { RoleName } from "@carnet/protocol/admin/roles";
import type { ClientId } from "@carnet/protocol/ids";

/** An admin client, as the store has it now. */
export interface AdminCaller {
  /** null: the command line on the store itself, or the service. */
  readonly clientId: ClientId | null;
  readonly role: RoleName;
  /** null: all owners. */
  readonly owners: readonly string[] | null;
}

export const isPlatformAdmin = ({ role, owners }: AdminCaller): boolean => role === "admin" && owners === null;
