import { parseCidr } from "@carnet/core/client/cidr";
import { type Client, clientStatuses, scopePolicies, tokenEndpointAuthMethods } from "@carnet/core/client/client";
import { type ClientSecret, secretKinds } from "@carnet/core/client/client-secret";
import { roles } from "@carnet/protocol/admin/roles";
import { type ClientId, parseRevocationHandle, type SecretId } from "@carnet/protocol/ids";
import type { Result } from "@carnet/protocol/result";
import { formatScope, parseScope } from "@carnet/protocol/scope";
import { hasClaims, noClaims, type StaticClaims } from "@carnet/protocol/static-claims";
import type { Nullable, Selectable } from "kysely";
import { OperatorFault } from "../../fault.ts";
import type { Tables } from "./schema.ts";

export type ClientRow = Selectable<Tables["clients"]>;
export type SecretRow = Selectable<Tables["client_secrets"]>;
/** A row of `client_secrets` joined with its pepper, and with its row of `secret_uses`, if there is one. */
export type ReadSecretRow = Omit<SecretRow, "place"> &
  Nullable<Pick<Selectable<Tables["secret_uses"]>, "used_at" | "used_from">> & {
    /** Of its pepper. */
    readonly pepper_ends_at: number | null;
  };

/** A client as a row of `clients`. */
export const toClientRow = (client: Client): ClientRow => ({
  client_id: client.clientId,
  handle: client.handle,
  client_name: client.clientName,
  owner: client.owner,
  role: client.role,
  role_owners: client.roleOwners === null ? null : client.roleOwners.join(" "),
  scope: formatScope(client.scopes),
  scope_policy: client.scopePolicy,
  status: client.status,
  expires_at: client.expiresAt,
  ip_allowlist: client.ipAllowlist.map((block) => block.text).join(" "),
  token_endpoint_auth_method: client.tokenEndpointAuthMethod,
  access_token_ttl: client.accessTokenTtl,
  workspace: client.workspace,
  username: client.username,
  audience: client.audience,
  labels: JSON.stringify(client.labels),
  claims: toClaims(client.claims),
  created_at: client.createdAt,
  updated_at: client.updatedAt,
  version: client.version,
});

export const toSecretRow = (clientId: ClientId, secret: ClientSecret, place: number): SecretRow => ({
  secret_id: secret.secretId,
  client_id: clientId,
  place,
  handle: secret.handle,
  kind: secret.kind,
  digest: secret.digest,
  pepper: secret.pepper,
  created_at: secret.createdAt,
  expires_at: secret.expiresAt,
  label: secret.label,
  not_before: secret.notBefore,
  idle_since: secret.idle?.since ?? null,
  idle_after: secret.idle?.after ?? null,
  revoked_at: secret.revokedAt,
});

/** The last use of a secret, if there was one. */
export const toUseRows = ({ secretId, lastUse }: ClientSecret): readonly Selectable<Tables["secret_uses"]>[] =>
  lastUse === null ? [] : [{ secret_id: secretId, used_at: lastUse.at, used_from: lastUse.from }];

function parseLabels(json: string): Client["labels"] {
  if (!json.startsWith("{")) throw unreadable("labels");
  try {
    const entries = Object.entries<unknown>(JSON.parse(json));
    return Object.fromEntries(entries.map(([name, value]) => [name, text("labels", value)]));
  } catch {
    throw unreadable("labels");
  }
}

/** Claims as they are stored: null if there are none. */
export const toClaims = (claims: StaticClaims): string | null => (hasClaims(claims) ? JSON.stringify(claims) : null);

/** Reads stored claims. Throws an OperatorFault if they are no JSON object. */
export function parseClaims(stored: unknown): StaticClaims {
  if (stored === null) return noClaims;
  const json = text("claims", stored);
  if (!json.startsWith("{")) throw unreadable("claims");
  try {
    return JSON.parse(json);
  } catch {
    throw unreadable("claims");
  }
}

/**
 * Builds a client from its row and its secrets' rows. Throws an OperatorFault for a value that this version did not
 * write: SQLite returns whatever the file contains, whatever the type of the column.
 */
export function toClient(row: ClientRow, secrets: readonly ReadSecretRow[]): Client {
  const blocks = text("ip_allowlist", row.ip_allowlist);
  return {
    clientId: text("client_id", row.client_id) as ClientId,
    handle: read("handle", parseRevocationHandle(text("handle", row.handle))),
    clientName: textOrNull("client_name", row.client_name),
    owner: text("owner", row.owner),
    role: roleOrNull("role", row.role),
    roleOwners: row.role_owners === null ? null : text("role_owners", row.role_owners).split(" "),
    username: textOrNull("username", row.username),
    scopes: read("scope", parseScope(text("scope", row.scope))),
    scopePolicy: scopePolicy("scope_policy", row.scope_policy),
    status: status("status", row.status),
    expiresAt: numberOrNull("expires_at", row.expires_at),
    ipAllowlist: blocks === "" ? [] : blocks.split(" ").map((block) => read("ip_allowlist", parseCidr(block))),
    tokenEndpointAuthMethod: authMethodOrNull("token_endpoint_auth_method", row.token_endpoint_auth_method),
    accessTokenTtl: numberOrNull("access_token_ttl", row.access_token_ttl),
    audience: textOrNull("audience", row.audience),
    labels: parseLabels(text("labels", row.labels)),
    claims: parseClaims(row.claims),
    workspace: textOrNull("workspace", row.workspace),
    createdAt: number("created_at", row.created_at),
    updatedAt: number("updated_at", row.updated_at),
    version: number("version", row.version),
    secrets: secrets.map(toSecret),
  };
}

const toSecret = (row: ReadSecretRow): ClientSecret => ({
  secretId: text("secret_id", row.secret_id) as SecretId,
  handle: read("handle", parseRevocationHandle(text("handle", row.handle))),
  label: textOrNull("label", row.label),
  kind: kind("kind", row.kind),
  digest: bytes("digest", row.digest),
  pepper: text("pepper", row.pepper),
  mustBeUsedBy: numberOrNull("ends_at", row.pepper_ends_at),
  createdAt: number("created_at", row.created_at),
  notBefore: numberOrNull("not_before", row.not_before),
  expiresAt: numberOrNull("expires_at", row.expires_at),
  idle:
    row.idle_since === null
      ? null
      : { since: number("idle_since", row.idle_since), after: number("idle_after", row.idle_after) },
  revokedAt: numberOrNull("revoked_at", row.revoked_at),
  lastUse: row.used_at === null ? null : { at: number("used_at", row.used_at), from: text("used_from", row.used_from) },
});

function read<Value>(column: string, result: Result<Value, unknown>): Value {
  if (!result.ok) throw unreadable(column);
  return result.value;
}

/** Reads one value of a column. */
type Read<Value> = (column: string, value: unknown) => Value;

const typed =
  <Value>(isTyped: (value: unknown) => value is Value): Read<Value> =>
  (column, value) => {
    if (!isTyped(value)) throw unreadable(column);
    return value;
  };

const choice = <Choice extends string>(choices: readonly Choice[]): Read<Choice> =>
  typed((value): value is Choice => choices.some((candidate) => candidate === value));

const orNull =
  <Value>(read: Read<Value>): Read<Value | null> =>
  (column, value) =>
    value === null ? null : read(column, value);

const text = typed((value) => typeof value === "string");
const number = typed((value) => typeof value === "number");
const bytes = typed((value) => value instanceof Uint8Array);
const textOrNull = orNull(text);
const numberOrNull = orNull(number);
const scopePolicy = choice(scopePolicies);
const status = choice(clientStatuses);
const authMethodOrNull = orNull(choice(tokenEndpointAuthMethods));
const roleOrNull = orNull(choice(roles));
const kind = choice(secretKinds);

/** Concerns one client, so the store as a whole does not count as damaged. */
const unreadable = (column: string) =>
  new OperatorFault(
    `The store holds a ${column} that this version of Carnet cannot read: start the version that wrote it, or restore the store from a backup.`,
  );
