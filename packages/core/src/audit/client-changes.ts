import type * as wire from "@carnet/protocol/admin/clients";
import { formatScope } from "@carnet/protocol/scope";
import { type Client, shownOwner } from "../client/client.ts";
import type { ClientSecret } from "../client/client-secret.ts";
import type { ChangedObject, FieldValue } from "./event.ts";

/** The fields of clients and secrets by their names in the admin API, for its answers and for the events. */

type ClientFields = Omit<wire.Client, "client_id" | "created_at" | "updated_at" | "secrets" | "warnings" | "claims"> &
  Pick<Client, "claims">;
type SecretFields = Pick<wire.Secret, "label" | "not_before" | "expires_at" | "ends_when_idle_for" | "revoked_at">;

/** What an operator can set on a client. */
export const clientFields = (client: Client): ClientFields => ({
  client_name: client.clientName,
  owner: shownOwner(client),
  role: client.role,
  role_owners: client.roleOwners && [...client.roleOwners],
  username: client.username,
  workspace: client.workspace,
  scope: formatScope(client.scopes),
  scope_policy: client.scopePolicy,
  status: client.status,
  expires_at: isoTime(client.expiresAt),
  ip_allowlist: client.ipAllowlist.map((block) => block.text),
  token_endpoint_auth_method: client.tokenEndpointAuthMethod,
  access_token_ttl: client.accessTokenTtl,
  audience: client.audience,
  labels: client.labels,
  claims: client.claims,
});

/** What can change about a secret. Never the secret, its digest or its handle. */
export const secretFields = (secret: ClientSecret): SecretFields => ({
  label: secret.label,
  not_before: isoTime(secret.notBefore),
  expires_at: isoTime(secret.expiresAt),
  ends_when_idle_for: secret.idle === null ? null : secret.idle.after / 1000,
  revoked_at: isoTime(secret.revokedAt),
});

/** RFC 3339, as everywhere in the admin API. */
export function isoTime(instant: number): string;
export function isoTime(instant: number | null): string | null;
export function isoTime(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}

/**
 * What differs between two versions of a client; null: it did not exist, or no longer does. The client is named if one
 * of its own fields differs, and each secret that was added, changed or removed is an object of its own.
 */
export function clientChanges(before: Client | null, after: Client | null): readonly ChangedObject[] {
  const newest = after ?? before;
  if (newest === null) return [];
  const { clientId } = newest;
  // No owner is recorded for an admin client, because a team must not see it, even after it is deleted
  const owner = before?.role == null ? shownOwner(newest) : null;
  const client = { type: "client", id: clientId, clientId: null, owner } as const;
  const secretIds = new Set([...(before?.secrets ?? []), ...(after?.secrets ?? [])].map(({ secretId }) => secretId));
  const find = (version: Client | null, sought: string) =>
    version?.secrets.find(({ secretId }) => secretId === sought) ?? null;
  return [
    ...withRevokedTokens(difference(client, before && clientFields(before), after && clientFields(after)), {
      object: client,
      isRevoked: before !== null && after !== null && before.handle !== after.handle,
    }),
    ...[...secretIds].flatMap((id) => secretChange({ clientId, owner }, find(before, id), find(after, id))),
  ];
}

function secretChange(
  { clientId, owner }: Pick<ChangedObject, "owner"> & Pick<Client, "clientId">,
  before: ClientSecret | null,
  after: ClientSecret | null,
): readonly ChangedObject[] {
  const id = (after ?? before)?.secretId ?? "";
  const secret = { type: "secret", id, clientId, owner } as const;
  return withRevokedTokens(difference(secret, before && secretFields(before), after && secretFields(after)), {
    object: secret,
    isRevoked: before !== null && after !== null && before.handle !== after.handle,
  });
}

/** Says that every token of a client or a secret was revoked, which its new handle does. */
function withRevokedTokens(
  changed: readonly ChangedObject[],
  { object, isRevoked }: { readonly object: Omit<ChangedObject, "action" | "changes">; readonly isRevoked: boolean },
): readonly ChangedObject[] {
  if (!isRevoked) return changed;
  const [{ changes } = { changes: {} }] = changed;
  return [{ ...object, action: "changed", changes: { ...changes, tokens: { before: "valid", after: "revoked" } } }];
}

type Fields = Readonly<Record<string, FieldValue>>;

/** The change of one object, or nothing if no field differs. A field of a missing object counts as empty. */
export function difference(
  object: Pick<ChangedObject, "type" | "id" | "clientId"> & Partial<Pick<ChangedObject, "owner">>,
  before: Fields | null,
  after: Fields | null,
): readonly ChangedObject[] {
  const changes = Object.fromEntries(
    Object.keys({ ...before, ...after }).flatMap((name) => {
      const [old, next] = [before?.[name] ?? null, after?.[name] ?? null];
      const isSame = before !== null && after !== null ? textOf(old) === textOf(next) : isEmpty(old ?? next);
      return isSame ? [] : [[name, { before: old, after: next }]];
    }),
  );
  if (before !== null && after !== null && Object.keys(changes).length === 0) return [];
  const action = before === null ? "created" : after === null ? "deleted" : "changed";
  return [{ owner: null, ...object, action, changes }];
}

const textOf = (value: FieldValue): string => JSON.stringify(value);

/** Whether a value only says that nothing is set. */
const isEmpty = (value: FieldValue): boolean => ["null", '""', "[]", "{}"].includes(textOf(value));
