import { isSameOwner } from "@carnet/core/client/client-store";
import type { Owner } from "@carnet/core/owner/owner";
import { adminAudienceName, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { foldClaimName } from "@carnet/protocol/static-claims";
import { sql, type Transaction } from "kysely";
import { countRows } from "./count-rows.ts";
import type { Tables } from "./schema.ts";
import { readScopeClaims } from "./scope-store.ts";

/** What the transaction of a change of clients checks besides the clients: their owners, and that a platform admin is left. */

/** Whether one of these owners was changed or deleted since it was read. */
export async function isOwnerChanged(transaction: Transaction<Tables>, owners: readonly Owner[]): Promise<boolean> {
  if (owners.length === 0) return false;
  const names = owners.map(({ name }) => name);
  const rows = await transaction
    .selectFrom("owners")
    .select(["name", "created_at as createdAt", "version"])
    .where("name", "in", names)
    .execute();
  const stored = new Map(rows.map((row) => [row.name, row]));
  return owners.some((owner) => !isSameOwner(owner, stored.get(owner.name)));
}

/** Whether a scope sets a claim with one of these names. */
export async function isClaimOfScope(transaction: Transaction<Tables>, names: readonly string[]): Promise<boolean> {
  if (names.length === 0) return false;
  const changed = new Set(names.map(foldClaimName));
  const ofScopes = await readScopeClaims(transaction);
  return [...ofScopes.values()].flatMap(Object.keys).some((name) => changed.has(foldClaimName(name)));
}

/** The first of these owners that has more clients than its policy allows. Admin clients do not count. */
export async function fullOwner(
  transaction: Transaction<Tables>,
  owners: readonly Owner[],
): Promise<Owner | undefined> {
  for (const owner of owners) {
    const { maxClients } = owner.policy;
    if (maxClients === null) continue;
    const clients = transaction.selectFrom("clients").where("owner", "=", owner.name).where("role", "is", null);
    if ((await countRows(clients)) > maxClients) return owner;
  }
  return undefined;
}

/** Whether any client is a platform admin that is sure to stay usable: `isUsablePlatformAdmin` in SQL. */
export async function hasPlatformAdmin(transaction: Transaction<Tables>, now: number): Promise<boolean> {
  const found = await transaction
    .selectFrom("clients")
    .innerJoin("client_secrets as secret", "secret.client_id", "clients.client_id")
    .select("clients.client_id")
    .where("clients.role", "=", "admin")
    .where("clients.role_owners", "is", null)
    .where("clients.status", "=", "active")
    .where("clients.expires_at", "is", null)
    .where(sql<boolean>`' ' || clients.scope || ' ' like ${`% ${adminScopes.writeClients} %`}`)
    .where("clients.audience", "=", adminAudienceName)
    .where("clients.ip_allowlist", "=", "")
    .where("secret.revoked_at", "is", null)
    .where("secret.kind", "!=", "human")
    .where((where) => where.or([where("secret.not_before", "is", null), where("secret.not_before", "<=", now)]))
    .where("secret.expires_at", "is", null)
    .where("secret.pepper", "not in", (peppers) =>
      peppers.selectFrom("peppers").select("pepper_id").where("ends_at", "<=", now),
    )
    .where("secret.idle_after", "is", null)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
