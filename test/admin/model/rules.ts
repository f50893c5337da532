import type { Client } from "@carnet/core/client/client";
import { sameSettings } from "@carnet/core/client/client-settings";
import { anyValue, type Owner } from "@carnet/core/owner/owner";
import type { Commit, Grant } from "./world.ts";

/** The rules of roles and policies, written down a second time, as simply as possible and apart from the product. */

/** The admin client that a token stands for, if the token is good for anything. */
export function actorOf(client: Client | undefined, grant: Grant, now: number): Client | undefined {
  if (client === undefined || client.handle !== grant.clientHandle || client.role === null) return undefined;
  const isExpired = client.expiresAt !== null && client.expiresAt <= now;
  const secret = client.secrets.find(({ handle }) => handle === grant.secretHandle);
  const isRevoked = secret === undefined || secret.revokedAt !== null;
  return client.status === "active" && !isExpired && !isRevoked ? client : undefined;
}

export const isPlatform = (actor: Client | undefined): boolean => actor?.role === "admin" && actor.roleOwners === null;

/** Whether a client exists for an actor. */
export const exists = (actor: Client, { clientId, role, owner }: Client): boolean =>
  actor.roleOwners === null || actor.clientId === clientId || (role === null && actor.roleOwners.includes(owner));

/** Whether an actor may bring about a change of a client. */
export function mayCommit(actor: Client, { before, after }: Commit, owners: readonly Owner[]): boolean {
  const either = after ?? before;
  if (either === null) return false;
  const onlySecrets = before !== null && after !== null && sameSettings(before, after);
  if (before?.role != null || after?.role != null)
    return isPlatform(actor) || (either.clientId === actor.clientId && onlySecrets);
  for (const client of [before, after]) {
    if (client !== null && actor.roleOwners !== null && !actor.roleOwners.includes(client.owner)) return false;
  }
  if (actor.role === "auditor") return false;
  if (actor.role === "operator")
    return before !== null && after !== null && sameSettings({ ...before, status: after.status }, after);
  return after === null || isWithinPolicy(actor, { before, after }, owners);
}

/** Whether all that a client has gained is within its owner's policy. */
function isWithinPolicy(
  actor: Client,
  { before, after }: { readonly before: Client | null; readonly after: Client },
  owners: readonly Owner[],
): boolean {
  const policy = owners.find(({ name }) => name === after.owner)?.policy;
  if (policy === undefined) return false;
  const wasAdmin = before !== null && before.role !== null && after.role === null;
  const kept = before?.owner === after.owner && !wasAdmin ? before : null;
  const allows = (list: readonly string[], value: string | null, old: string | null | undefined): boolean =>
    value === null || value === old || list.includes(anyValue) || list.includes(value);
  const ownScopes = after.scopes.filter((scope) => scope.startsWith("carnet:"));
  const gained = after.scopes.filter((scope) => !ownScopes.includes(scope) && kept?.scopes.includes(scope) !== true);
  const longest = policy.maxTokenTtl ?? Number.POSITIVE_INFINITY;
  const isChanged = (name: string) => JSON.stringify(before?.claims[name]) !== JSON.stringify(after.claims[name]);
  return (
    // The world has a scope that sets this claim from the start
    (isPlatform(actor) || !isChanged("level")) &&
    (isPlatform(actor) || ownScopes.every((scope) => before?.scopes.includes(scope))) &&
    (policy.scopes === null || gained.every((scope) => policy.scopes?.includes(scope))) &&
    ((after.accessTokenTtl ?? 600) <= longest || after.accessTokenTtl === kept?.accessTokenTtl) &&
    allows(policy.audiences, after.audience, kept?.audience) &&
    allows(policy.usernames, after.username, kept?.username) &&
    allows(policy.workspaces, after.workspace, kept?.workspace)
  );
}

/** Whether a client can administer the service for as long as nobody changes it. */
export const isUsablePlatformAdmin = (client: Client, now: number): boolean =>
  isPlatform(client) &&
  client.status === "active" &&
  client.expiresAt === null &&
  client.scopes.includes("carnet:clients:write") &&
  client.audience === "urn:carnet:admin" &&
  client.ipAllowlist.length === 0 &&
  client.secrets.some(
    ({ revokedAt, notBefore, expiresAt, idle }) =>
      revokedAt === null && (notBefore ?? 0) <= now && expiresAt === null && idle === null,
  );
