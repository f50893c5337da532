import type { Actor, AuditEvent, ChangedObject, EventKind, ObjectsChanged } from "@carnet/core/audit/event";
import { type ClientId, parseClientId, parseSecretId, type SecretId } from "@carnet/protocol/ids";

const id = (text: string): ClientId => {
  const parsed = parseClientId(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

const secretId = (text: string): SecretId => {
  const parsed = parseSecretId(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

const demo = id("demo");
const demoSecret = secretId("3k2m9p1r5t8w3x4h");
const caller: Actor = { type: "client", clientId: demo, secretId: demoSecret, jti: "token-1" };
const admin: Actor = {
  type: "client",
  clientId: id("ops-admin"),
  secretId: secretId("4h7k2m9p1r5t8w3x"),
  jti: "token-2",
};

const at = Date.parse("2026-11-26T17:00:01.250Z");
const facts = { id: "3f9a0c1b2d4e-1", at, requestId: "request-1", actor: caller, address: "198.51.100.7" };
const ofToken = { ...facts, path: "/oauth2/token", version: "2026-01-01" } as const;
const byService = { ...facts, requestId: null, actor: { type: "service" }, address: null } as const;

const change = (objects: readonly ChangedObject[]): Omit<ObjectsChanged, "event"> => ({
  ...facts,
  actor: admin,
  role: { name: "admin", owners: ["payments"] },
  outcome: "done",
  objects,
  warning: null,
});

const changeOfMasterKey = (action: "created" | "deleted"): Omit<ObjectsChanged, "event"> => ({
  ...change([{ type: "master_key", id: "0f1e2d3c4b5a6978", clientId: null, owner: null, action, changes: {} }]),
  ...{ requestId: null, actor: { type: "cli" }, address: null, role: null },
});

type Changes = ChangedObject["changes"];

const ofClient = (clientId: string, action: ChangedObject["action"], changes: Changes = {}): ChangedObject => ({
  ...{ type: "client", id: clientId, clientId: null, owner: "payments", action, changes },
});

const ofSecret = (secret: string, action: ChangedObject["action"], changes: Changes = {}): ChangedObject => ({
  ...{ type: "secret", id: secret, clientId: demo, owner: "payments", action, changes },
});

const ofScope = (action: ChangedObject["action"], before: string | null, after: string | null): ChangedObject => ({
  ...{
    type: "scope",
    id: "file:read",
    clientId: null,
    owner: null,
    action,
    changes: { description: { before, after } },
  },
});

const ofOwner = (action: ChangedObject["action"], changes: Changes = {}): ChangedObject => ({
  ...{ type: "owner", id: "payments", clientId: null, owner: "payments", action, changes },
});

const ofKey = (keyId: string, action: ChangedObject["action"], changes: Changes = {}): ChangedObject => ({
  ...{ type: "key", id: keyId, clientId: null, owner: null, action, changes },
});

const ofPepper = (action: ChangedObject["action"], changes: Changes = {}): ChangedObject => ({
  ...{ type: "pepper", id: "7h7k2m9p1r5t8w3x", clientId: null, owner: null, action, changes },
});

const scope = (before: string | null, after: string | null): Changes => ({ scope: { before, after } });

/** An event of every kind. */
export const everyEvent: { readonly [Kind in EventKind]: AuditEvent & { readonly event: Kind } } = {
  token_issued: {
    ...{ ...ofToken, event: "token_issued", keyId: "key-1", scope: "file:read", askedScope: null },
    expiresAt: at / 1000 - 0.25 + 600,
  },
  token_returned: { ...ofToken, event: "token_returned", expiresAt: at / 1000 - 0.25 + 500 },
  token_refused: {
    ...{ ...ofToken, event: "token_refused", kind: "invalidClient", error: "invalid_client", reason: "secret_revoked" },
    ...{ detail: "the secret was revoked", facts: { revoked_at: "2026-11-24T00:00:00Z" }, claimedClientId: null },
  },
  client_created: {
    ...{ ...change([ofClient("demo", "created", { ...scope(null, "file:read"), username: nothing() })]) },
    event: "client_created",
  },
  client_changed: {
    ...change([ofClient("demo", "changed", scope("file:read", "file:read file:write"))]),
    event: "client_changed",
  },
  client_disabled: {
    ...change([ofClient("demo", "changed", { status: { before: "active", after: "disabled" } })]),
    event: "client_disabled",
  },
  client_enabled: { ...change([]), event: "client_enabled", outcome: "unchanged" },
  client_deleted: {
    ...change([ofClient("demo", "deleted", scope("file:read", null)), ofSecret(demoSecret, "deleted")]),
    event: "client_deleted",
  },
  clients_imported: {
    ...change(["a1", "a2", "a3", "a4", "a5"].flatMap((one) => [ofClient(one, "created"), ofSecret(one, "created")])),
    event: "clients_imported",
    refused: [
      { reason: "policy", rule: "policy", count: 2, positions: [5, 7] },
      { reason: "taken", rule: null, count: 1, positions: [6] },
    ],
  },
  secret_added: {
    ...change([ofSecret(demoSecret, "created", { label: { before: null, after: "spring" } })]),
    event: "secret_added",
  },
  secrets_rotated: {
    ...change([
      ofSecret(demoSecret, "created"),
      ofSecret("5h7k2m9p1r5t8w3x", "changed", { expires_at: { before: null, after: "2026-11-27T17:00:01.250Z" } }),
    ]),
    event: "secrets_rotated",
  },
  secret_revoked: {
    ...change([ofSecret(demoSecret, "changed", { revoked_at: { before: null, after: "2026-11-26T17:00:01.250Z" } })]),
    event: "secret_revoked",
  },
  tokens_revoked: {
    ...change([
      {
        ...{ type: "token", id: "3f1c8a52-0d4e-4a8c-9b57-6f2f6f0e1a11", clientId: demo, owner: "payments" },
        ...{ action: "changed", changes: { revoked: { before: false, after: true } } },
      },
    ]),
    event: "tokens_revoked",
  },
  scope_put: { ...change([ofScope("changed", "Read", "Read files")]), event: "scope_put" },
  scope_deleted: { ...change([ofScope("deleted", "Read files", null)]), event: "scope_deleted" },
  owner_created: {
    ...change([ofOwner("created", { contact: { before: null, after: "payments@example.com" } })]),
    event: "owner_created",
  },
  owner_changed: {
    ...change([ofOwner("changed", { "policy.max_clients": { before: null, after: 50 } })]),
    event: "owner_changed",
  },
  owner_deleted: { ...change([ofOwner("deleted")]), event: "owner_deleted" },
  admin_created: {
    ...{ ...change([ofClient("carnet-admin", "created")]), ...byService, role: null },
    event: "admin_created",
  },
  admin_reset: {
    ...{ ...change([ofClient("carnet-admin", "changed")]), ...byService, role: null, actor: { type: "cli" } },
    event: "admin_reset",
  },
  key_created: {
    ...change([{ type: "key", id: "key-1", clientId: null, owner: null, action: "created", changes: {} }]),
    ...{ ...byService, role: null, event: "key_created" },
  },
  key_rotated: {
    ...change([ofKey("key-2", "created", { algorithm: { before: null, after: "ES256" } })]),
    event: "key_rotated",
  },
  key_imported: {
    ...change([ofKey("key-2", "created", { algorithm: { before: null, after: "RS256" } })]),
    event: "key_imported",
  },
  key_retired: {
    ...change([ofKey("key-1", "changed", { retired_at: { before: null, after: "2026-11-26T17:00:01.250Z" } })]),
    event: "key_retired",
  },
  key_revoked: {
    ...change([
      ofKey("key-1", "changed", { revoked_at: { before: null, after: "2026-11-26T17:00:01.250Z" } }),
      ofKey("key-2", "created"),
    ]),
    event: "key_revoked",
  },
  pepper_rotated: {
    ...change([
      ofPepper("created", { used_from: { before: null, after: "2026-11-26T17:01:01.250Z" } }),
      { ...ofPepper("changed", { ends_at: { before: null, after: "2027-02-24T17:00:01.250Z" } }), id: "first" },
    ]),
    event: "pepper_rotated",
  },
  pepper_ended: {
    ...change([{ ...ofPepper("deleted"), id: "first" }]),
    ...{ ...byService, role: null, warning: "3 secrets have ended, because nobody used them in time" },
    event: "pepper_ended",
  },
  master_key_rotated: { ...changeOfMasterKey("created"), event: "master_key_rotated" },
  master_key_finished: { ...changeOfMasterKey("deleted"), event: "master_key_finished" },
  master_key_cancelled: { ...changeOfMasterKey("deleted"), event: "master_key_cancelled" },
  admin_refused: {
    ...{ ...facts, event: "admin_refused", actor: admin, operation: "changeClient", reason: "not_found" },
    ...{ role: { name: "operator", owners: ["search"] }, rule: "foreign_owner" },
    ...{ detail: "no client with this id is registered", target: "demo", targetOwner: "payments" },
  },
  service_started: { ...byService, event: "service_started", version: "0.1.0", issuer: "https://iam.example.com" },
  service_stopped: { ...byService, event: "service_stopped", cutOff: true },
  credentials_file_written: {
    ...{ ...byService, event: "credentials_file_written", clientId: id("carnet-admin"), file: ".carnet/admin.json" },
  },
  credential_expiring: {
    ...{ ...byService, event: "credential_expiring", clientId: demo, secretId: demoSecret },
    ...{ endsAt: at + 86_400_000, withinDays: 1 },
  },
  refusals_burst: {
    ...{ ...byService, event: "refusals_burst", clientId: null, addressBlock: "198.51.100.0/24", count: 500 },
    ...{ within: 60, reason: "unknown_client" },
  },
  events_lost: { ...byService, event: "events_lost", count: 7, since: at - 60_000 },
};

function nothing() {
  return { before: null, after: null };
}
