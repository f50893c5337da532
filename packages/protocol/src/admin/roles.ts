import { type AdminScope, adminScopes } from "./admin-scopes.ts";

/** What an admin client may do. Each role is bound to all owners or to named ones. */
export const roles = ["admin", "operator", "auditor"] as const;
export type RoleName = (typeof roles)[number];

const { readClients, writeClients, readAudit } = adminScopes;

/** The scopes that an admin client can have. The role decides what it may do; a token can ask for less. */
export const scopesOfRole: Readonly<Record<RoleName, readonly AdminScope[]>> = {
  admin: [readClients, writeClients, readAudit],
  operator: [readClients, writeClients],
  auditor: [readClients, readAudit],
};
