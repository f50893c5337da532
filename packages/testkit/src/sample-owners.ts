import type { AdminCaller } from "@carnet/core/admin/admin-caller";
import type { Authority, Need } from "@carnet/core/admin/permission";
import { defaultPolicy, type Owner, type OwnerPolicy } from "@carnet/core/owner/owner";
import { ownerOf } from "./memory-owner-store.ts";
import { clientIdOf } from "./sample-clients.ts";

/** Owners with policies, and callers with roles. */

export const ownerWith = (name: string, policy: Partial<OwnerPolicy>): Owner =>
  ownerOf(name, { contact: `the team ${name}`, policy: { ...defaultPolicy, ...policy } });

export const callerOf = (role: AdminCaller["role"], owners: AdminCaller["owners"]): AdminCaller => ({
  clientId: clientIdOf(`caller-${role}`),
  role,
  owners,
});

export const authorityOf = (caller: AdminCaller, need: Need, allowsSelf = false): Authority => ({
  caller,
  need,
  allowsSelf,
  platformContact: "the platform team",
});
