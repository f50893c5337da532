import { adminAudienceName, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { roles, scopesOfRole } from "@carnet/protocol/admin/roles";
import { type JsonObject, mergePatch } from "@carnet/protocol/json-merge-patch";
import { err, ok, type Result } from "@carnet/protocol/result";
import { maxClientClaims, noClaims, parseStaticClaims } from "@carnet/protocol/static-claims";
import type { FieldProblem } from "../admin-problem.ts";
import { patchReader } from "../merge-patch.ts";
import { defaultOwner, ownerName } from "../owner/owner.ts";
import { type ClientSettings, clientStatuses, scopePolicies, tokenEndpointAuthMethods } from "./client.ts";
import { addressBlocks, audience, futureInstant, label, labels, oneOf, scopeNames, seconds } from "./fields.ts";

/**
 * The settings of a client as an operator writes them, with the names of RFC 7591 §2 where it has them. A missing
 * field keeps its value; null resets it to the default (RFC 7396).
 */
export interface ClientSettingsInput {
  readonly client_name?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly role?: string | null | undefined;
  readonly role_owners?: readonly string[] | null | undefined;
  readonly username?: string | null | undefined;
  readonly scope?: string | null | undefined;
  readonly scope_policy?: string | null | undefined;
  readonly status?: string | null | undefined;
  readonly expires_at?: string | null | undefined;
  readonly ip_allowlist?: readonly string[] | null | undefined;
  readonly token_endpoint_auth_method?: string | null | undefined;
  readonly access_token_ttl?: number | null | undefined;
  readonly audience?: string | null | undefined;
  /** A label set to null is removed. */
  readonly labels?: Readonly<Record<string, string | null>> | null | undefined;
  /** A member set to null is removed, on every level. */
  readonly claims?: Readonly<Record<string, unknown>> | null | undefined;
}

export const defaultSettings: ClientSettings = {
  clientName: null,
  owner: defaultOwner,
  role: null,
  roleOwners: null,
  username: null,
  scopes: [],
  scopePolicy: "narrow",
  status: "active",
  expiresAt: null,
  ipAllowlist: [],
  tokenEndpointAuthMethod: null,
  accessTokenTtl: null,
  audience: null,
  labels: {},
  claims: noClaims,
};

/** The longest token lifetime, in seconds. */
const longestTtl = 86_400;

/** Applies an input to the current settings. Refuses with all invalid fields. */
export function readSettings(
  input: ClientSettingsInput,
  current: ClientSettings,
  now: number,
): Result<ClientSettings, readonly FieldProblem[]> {
  const { read, problems } = patchReader(input, { current, initial: defaultSettings });
  const settings: ClientSettings = {
    clientName: read("client_name", "clientName", label),
    owner: read("owner", "owner", ownerName),
    role: read("role", "role", (text) => oneOf(roles, text)),
    roleOwners: read("role_owners", "roleOwners", ownerNames),
    username: read("username", "username", label),
    scopes: read("scope", "scopes", scopeNames),
    scopePolicy: read("scope_policy", "scopePolicy", (text) => oneOf(scopePolicies, text)),
    status: read("status", "status", (text) => oneOf(clientStatuses, text)),
    expiresAt: read("expires_at", "expiresAt", (text) => futureInstant(text, now)),
    ipAllowlist: read("ip_allowlist", "ipAllowlist", addressBlocks),
    tokenEndpointAuthMethod: read("token_endpoint_auth_method", "tokenEndpointAuthMethod", (text) =>
      oneOf(tokenEndpointAuthMethods, text),
    ),
    accessTokenTtl: read("access_token_ttl", "accessTokenTtl", (number) => seconds(number, longestTtl)),
    audience: read("audience", "audience", audience),
    labels: read("labels", "labels", (given) => labels(mergeLabels(current.labels, given))),
    claims: read("claims", "claims", (given) =>
      parseStaticClaims(mergePatch(current.claims, given as JsonObject), maxClientClaims),
    ),
  };
  const adapted = settings.role === current.role ? settings : adaptToRole(settings, input);
  // A client that is older than roles can have a mixture, and it must still be possible to disable or rename it
  if (adapted.role !== current.role || roleFields.some((field) => input[field] !== undefined))
    problems.push(...roleProblems(adapted, input));
  return problems.length === 0 ? ok(adapted) : err(problems);
}

const roleFields = ["role", "role_owners", "owner", "audience", "scope"] as const;

/** What a change of the role changes besides, unless the input says otherwise. */
function adaptToRole(settings: ClientSettings, input: ClientSettingsInput): ClientSettings {
  const { role } = settings;
  return {
    ...settings,
    scopes: input.scope == null ? (role === null ? [] : scopesOfRole[role]) : settings.scopes,
    audience: input.audience == null ? (role === null ? null : adminAudienceName) : settings.audience,
    owner: role === null ? settings.owner : defaultOwner,
    roleOwners: role === null && input.role_owners == null ? null : settings.roleOwners,
  };
}

/** A role, the audience of the admin API and its scopes go together. */
function roleProblems(
  { role, roleOwners, audience: aud, scopes }: ClientSettings,
  { owner }: Pick<ClientSettingsInput, "owner">,
): readonly FieldProblem[] {
  if (role !== null) {
    const allowed: readonly string[] = scopesOfRole[role];
    const problems: FieldProblem[] = [];
    if (owner != null) problems.push({ pointer: "/owner", detail: belongsToNone });
    if (aud !== adminAudienceName)
      problems.push({ pointer: "/audience", detail: `must be ${adminAudienceName}, because the client has a role` });
    if (scopes.some((scope) => !allowed.includes(scope)))
      problems.push({ pointer: "/scope", detail: `must have only scopes of the role ${role}: ${allowed.join(" ")}` });
    return problems;
  }
  const problems: FieldProblem[] = [];
  if (roleOwners !== null) problems.push({ pointer: "/role_owners", detail: "needs a role" });
  if (aud === adminAudienceName)
    problems.push({ pointer: "/audience", detail: "is for admin clients: give the client a role, such as auditor" });
  if (scopes.some((scope) => ownAdminScopes.has(scope)))
    problems.push({ pointer: "/scope", detail: "has scopes of the admin API, which need a role, such as auditor" });
  return problems;
}

const belongsToNone =
  "cannot be set on an admin client, which belongs to no owner: its role is bound to owners with role_owners";

const ownAdminScopes: ReadonlySet<string> = new Set(Object.values(adminScopes));

/** The owners of a role: at least one, each once. */
function ownerNames(given: readonly string[]): Result<readonly string[], string> {
  if (given.length === 0 || given.length > 100) return err("must have 1 to 100 owners; null means all owners");
  const names = given.map(ownerName);
  const wrong = names.find((name) => !name.ok);
  if (wrong !== undefined && !wrong.ok) return wrong;
  return new Set(given).size === given.length ? ok(given) : err("must not name an owner twice");
}

/** Whether two clients have the same settings. The order of scopes matters, that of labels does not. */
export const sameSettings = (left: ClientSettings, right: ClientSettings): boolean => textOf(left) === textOf(right);

const settingNames = Object.keys(defaultSettings) as (keyof ClientSettings)[];

const textOf = ({ labels, ipAllowlist, ...plain }: ClientSettings): string =>
  JSON.stringify([
    settingNames.map((name) => (name in plain ? Reflect.get(plain, name) : null)),
    Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)),
    ipAllowlist.map((block) => block.text),
  ]);

/** RFC 7396 §2: a member that is null is removed. */
function mergeLabels(
  current: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const merged = Object.entries({ ...current, ...given });
  return Object.fromEntries(merged.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
