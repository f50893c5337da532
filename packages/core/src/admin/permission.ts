import { isOwnScope } from "@carnet/protocol/admin/admin-scopes";
import type { RoleName } from "@carnet/protocol/admin/roles";
import type { SecretId } from "@carnet/protocol/ids";
import { type Err, err, ok, type Result } from "@carnet/protocol/result";
import { foldClaimName } from "@carnet/protocol/static-claims";
import { type AdminProblem, type FieldProblem, problemsText } from "../admin-problem.ts";
import { roleText } from "../audit/event-record.ts";
import type { Client } from "../client/client.ts";
import { type ClientSecret, idleEndOf } from "../client/client-secret.ts";
import type { Owner } from "../owner/owner.ts";
import type { OwnerStore } from "../owner/owner-store.ts";
import { newViolations, type PolicyContext } from "../owner/policy.ts";
import type { ScopeCatalogue } from "../scope/scope-catalogue.ts";
import { type AdminCaller, isPlatformAdmin } from "./admin-caller.ts";
import { changedClaims, changesScopeClaims } from "./claim-rule.ts";

/** What an operation needs: the roles that may carry it out, and whether they must be bound to all owners. */
export const needs = {
  /** Any admin client: who am I. */
  anyone: { roles: ["admin", "operator", "auditor"], owners: "named" },
  read: { roles: ["admin", "operator", "auditor"], owners: "named" },
  /** What concerns the whole service, such as its keys. */
  readAll: { roles: ["admin", "operator", "auditor"], owners: "all" },
  audit: { roles: ["admin", "auditor"], owners: "named" },
  /** The audit trail beyond single clients, such as the whole journal. */
  auditAll: { roles: ["admin", "auditor"], owners: "all" },
  /** Nothing that widens what a client may do. */
  operate: { roles: ["admin", "operator"], owners: "named" },
  manage: { roles: ["admin"], owners: "named" },
  /** Owners, policies, the scope catalogue, keys and admins. */
  platform: { roles: ["admin"], owners: "all" },
} as const satisfies Readonly<
  Record<string, { readonly roles: readonly RoleName[]; readonly owners: "named" | "all" }>
>;
export type Need = keyof typeof needs;

/** Who calls, for which operation. */
export interface Authority {
  readonly caller: AdminCaller;
  readonly need: Need;
  /** Whether every admin client may do this to itself, whatever its role. */
  readonly allowsSelf?: boolean;
  /** The secret that the caller's token was issued for. Not set: none, or it is unknown. */
  readonly secretId?: SecretId | null;
  /** Whom to ask for a role. */
  readonly platformContact: string;
}

/** What the service and local commands may do: everything. */
export const ownAuthority: Authority = {
  caller: { clientId: null, role: "admin", owners: null },
  need: "platform",
  platformContact: "a platform admin",
};

/** A change of a client that is about to be stored. */
export interface ClientChange {
  /** null: it is new. */
  readonly before: Client | null;
  readonly after: Client;
  /** The owner of `after`; undefined: no owner has that name. */
  readonly owner: Owner | undefined;
  readonly context: PolicyContext;
  /** The names of the claims that scopes set. */
  readonly scopeClaims: ReadonlySet<string>;
}

/** The rule that refused, for the event. */
export type PermissionRule =
  | "role"
  | "all_owners"
  | "foreign_owner"
  | "admin_client"
  | "unknown_owner"
  | "carnet_scope"
  | "scope_claim"
  | "own_secret"
  | "revocations"
  | "policy";

export type Denied = AdminProblem & { readonly rule: PermissionRule };

/** What a change needs to be permitted. */
export interface PermissionPorts {
  readonly authority: Authority;
  readonly owners: Pick<OwnerStore, "find">;
  readonly scopes: Pick<ScopeCatalogue, "claimNames">;
  /** The service's own token lifetime, in seconds. */
  readonly accessTokenTtl: number;
}

/**
 * Permits a change of a client that is about to be stored. Reads its owner now, and returns every owner that it names, so
 * that the store can refuse the change if one of them was changed meanwhile: the client's own owner first.
 */
export async function permitChange(
  { before, after, now }: { readonly before: Client | null; readonly after: Client; readonly now: number },
  { authority, owners, scopes, accessTokenTtl }: PermissionPorts,
): Promise<Result<readonly [Owner, ...Owner[]], Denied>> {
  const owner = await owners.find(after.owner);
  const scopeClaims = changedClaims(before, after).length === 0 ? new Set<string>() : await scopes.claimNames();
  const change = { before, after, owner, context: { accessTokenTtl, now }, scopeClaims };
  const permitted = permit(authority, { ...(before === null ? {} : { target: before }), change });
  if (!permitted.ok) return permitted;
  if (owner === undefined) return unknownOwner;
  const bound: Owner[] = [];
  for (const name of after.roleOwners ?? []) {
    const found = await owners.find(name);
    if (found === undefined) return unknownRoleOwner(name);
    bound.push(found);
  }
  return ok([owner, ...bound]);
}

/** Why a client was not stored: its owner has the maximum number of clients. */
export const ownerFull = (
  { name, contact, policy }: Owner,
  { platformContact }: Pick<Authority, "platformContact">,
): Err<Denied> =>
  refusesPolicy({ name, contact, platformContact }, [
    { pointer: "/owner", detail: `must have at most ${policy.maxClients} clients: delete one, or transfer it` },
  ]);

/**
 * Whether a caller may carry out an operation: on nothing in particular, on a target, or with a change. Every admin
 * operation is decided here and nowhere else. Does not protect the last platform admin, which only the store can do.
 */
export function permit(
  authority: Authority,
  {
    target,
    change,
  }: { readonly target?: Pick<Client, "clientId" | "owner" | "role">; readonly change?: ClientChange } = {},
): Result<undefined, Denied> {
  const { caller } = authority;
  const isPlatform = isPlatformAdmin(caller);
  const isSelf = target !== undefined && target.clientId === caller.clientId;
  const { roles, owners } = needs[authority.need];
  const isExcepted = isSelf && authority.allowsSelf === true;
  if (!isExcepted && !(roles as readonly RoleName[]).includes(caller.role)) return lacksRole(authority);
  if (!isExcepted && owners === "all" && caller.owners !== null) return lacksOwners(authority);
  if (target !== undefined && !canSee(caller, target)) return foreign;
  const onlyReads = authority.need === "read" || authority.need === "audit" || authority.need === "anyone";
  if (target?.role != null && !isPlatform && !isExcepted && !onlyReads) return forPlatform(authority);
  if (change === undefined) return ok(undefined);
  const { before, after, owner, context } = change;
  const isAdminClient = after.role !== null || (before !== null && before.role !== null);
  if (isAdminClient && !isPlatform && !isExcepted) return forPlatform(authority);
  if (isSelf && before !== null && outlivesOwn(authority, { before, after, now: context.now }))
    return outlivesOwnSecret(authority);
  if (owner === undefined || !(isAdminClient || ownsAll(caller, [owner.name]))) return unknownOwner;
  if (after.role !== null) return ok(undefined); // admin clients have no policy
  const grantsOwn = after.scopes.some((scope) => isOwnScope(scope) && before?.scopes.includes(scope) !== true);
  if (grantsOwn && !isPlatform) return grantsPlatformScope(authority);
  const claims = changedClaims(before, after).filter((name) => change.scopeClaims.has(foldClaimName(name)));
  if (claims.length > 0 && !isPlatform) return changesScopeClaims(claims, authority);
  const violations = newViolations(before, after, owner.policy, context);
  return violations.length === 0 ? ok(undefined) : refusesPolicy({ ...authority, ...owner }, violations);
}

/**
 * How long a new secret of the caller may live, in milliseconds: as long as the one that it replaces, from when it was
 * made to its end, and no longer than any that was made after that one. null: any time, because the replaced one has no
 * end or the caller is a platform admin. A secret that is unknown counts as the one with the shortest life.
 */
export function longestOwnSecret({ caller, secretId }: Authority, client: Client, now: number): number | null {
  if (client.clientId !== caller.clientId || isPlatformAdmin(caller)) return null;
  const used = client.secrets.find((secret) => secret.secretId === secretId);
  if (used !== undefined && endOf(used) === null) return null;
  const since = used?.createdAt ?? 0;
  const lives = client.secrets.flatMap((secret) => {
    const { createdAt, revokedAt } = secret;
    const end = endOf(secret);
    const isReplaced = secret === used || (revokedAt === null && createdAt >= since && (end ?? now) >= now);
    return end === null || !isReplaced ? [] : [end - createdAt];
  });
  return lives.length === 0 ? null : Math.min(...lives);
}

/** When a secret ends if nobody uses it any more. */
const endOf = ({ expiresAt, idle }: ClientSecret): number | null => expiresAt ?? (idle && idleEndOf(idle, null));

/** Whether the caller gives itself a secret that may live longer than the one that it replaces. */
function outlivesOwn(
  authority: Authority,
  { before, after, now }: { readonly before: Client; readonly after: Client; readonly now: number },
): boolean {
  const longest = longestOwnSecret(authority, before, now);
  if (longest === null) return false;
  const known = new Set(before.secrets.map(({ secretId }) => secretId));
  return after.secrets.some(
    ({ secretId, expiresAt }) => !known.has(secretId) && (expiresAt === null || expiresAt > now + longest),
  );
}

function refusesPolicy(
  { name, contact, platformContact }: Pick<Owner, "name" | "contact"> & Pick<Authority, "platformContact">,
  errors: readonly FieldProblem[],
): Err<Denied> {
  const asked = contact ?? platformContact;
  const detail = `the policy of the owner ${name} does not allow this: ${problemsText(errors)}; ask ${asked}`;
  return err({ kind: "policy", rule: "policy", detail, errors, owner: name, contact: asked });
}

/** Whether an object exists for a caller: its own clients and itself. Admin clients exist for callers over all owners. */
export const canSee = (
  { clientId, owners }: AdminCaller,
  target: Pick<Client, "clientId" | "owner" | "role">,
): boolean =>
  owners === null || target.clientId === clientId || (target.role === null && owners.includes(target.owner));

/** Whether a caller is bound to all of these owners. */
export const ownsAll = ({ owners }: AdminCaller, names: readonly string[]): boolean =>
  owners === null || names.every((name) => owners.includes(name));

const refuse = (rule: PermissionRule, { platformContact: contact }: Authority, reason: string): Err<Denied> =>
  err({ kind: "insufficient_role", rule, detail: `${reason}: ask ${contact}`, contact });

const lacksRole = (authority: Authority): Err<Denied> =>
  refuse(
    "role",
    authority,
    `this needs the role ${needs[authority.need].roles.join(" or ")}, and this client is ${nameOf(authority.caller)}`,
  );

const lacksOwners = (authority: Authority): Err<Denied> =>
  refuse(
    "all_owners",
    authority,
    `this needs the role ${needs[authority.need].roles.join(" or ")} over all owners, and this client is ${nameOf(authority.caller)}`,
  );

const forPlatform = (authority: Authority): Err<Denied> =>
  refuse(
    "admin_client",
    authority,
    `only an admin over all owners may make, change or remove an admin client, and this client is ${nameOf(authority.caller)}`,
  );

const grantsPlatformScope = (authority: Authority): Err<Denied> =>
  err({
    kind: "policy",
    rule: "carnet_scope",
    detail: `only an admin over all owners may grant a scope that begins with carnet: ask ${authority.platformContact}`,
    contact: authority.platformContact,
    errors: [
      {
        pointer: "/scope",
        detail: "has a scope that begins with carnet:, which only an admin over all owners may grant",
      },
    ],
  });

const outlivesOwnSecret = ({ platformContact }: Authority): Err<Denied> =>
  err({
    kind: "policy",
    rule: "own_secret",
    detail: `your new secret may live no longer than the one that it replaces: leave expires_at out, or ask ${platformContact} to rotate it`,
    errors: [
      { pointer: "/secret/expires_at", detail: "must not give it a longer life than the secret that it replaces" },
    ],
  });

/** "an operator of payments and search" */
const nameOf = ({ role, owners }: AdminCaller): string => `an ${roleText({ name: role, owners })}`;

const foreign: Err<Denied> = err({
  kind: "not_found",
  rule: "foreign_owner",
  detail: "no client with this id is registered",
});

const unknownOwner: Err<Denied> = err({
  kind: "invalid",
  rule: "unknown_owner",
  detail: "owner does not exist",
  errors: [{ pointer: "/owner", detail: "does not exist: `carnet owner list` shows the owners" }],
});

/** Only platform admins get this far, and they see every owner. */
const unknownRoleOwner = (name: string): Err<Denied> =>
  err({
    kind: "invalid",
    rule: "unknown_owner",
    detail: `role_owners names ${name}, which does not exist`,
    errors: [
      { pointer: "/role_owners", detail: `has ${name}, which is no owner: \`carnet owner list\` shows the owners` },
    ],
  });
