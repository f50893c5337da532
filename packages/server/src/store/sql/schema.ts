import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { Generated } from "kysely";

/** The tables, as Kysely sees them. Times are milliseconds since the epoch. */
export interface Tables {
  readonly clients: ClientsTable;
  readonly owners: OwnersTable;
  readonly client_secrets: ClientSecretsTable;
  readonly secret_uses: SecretUsesTable;
  readonly signing_keys: SigningKeysTable;
  readonly sealed_values: SealedValuesTable;
  readonly data_keys: DataKeysTable;
  readonly peppers: PeppersTable;
  readonly client_scopes: ClientScopesTable;
  readonly client_labels: ClientLabelsTable;
  readonly client_claims: ClientClaimsTable;
  readonly scopes: ScopesTable;
  readonly kept_answers: KeptAnswersTable;
  readonly changes: ChangesTable;
  readonly audit_events: AuditEventsTable;
  readonly audit_event_clients: AuditEventClientsTable;
  readonly refusals: RefusalsTable;
  readonly unknown_refusals: UnknownRefusalsTable;
  readonly client_usage: ClientUsageTable;
  readonly journal_files: JournalFilesTable;
  readonly webhook_delivery: WebhookDeliveryTable;
  readonly announced_ends: AnnouncedEndsTable;
  readonly revocations: RevocationsTable;
}

interface ClientsTable {
  readonly client_id: ClientId;
  readonly handle: string;
  readonly client_name: string | null;
  readonly owner: string;
  readonly role: string | null;
  /** Names, separated by spaces; null: all owners, or no role. */
  readonly role_owners: string | null;
  readonly scope: string;
  readonly scope_policy: string;
  readonly status: string;
  readonly expires_at: number | null;
  /** CIDR blocks, separated by spaces. */
  readonly ip_allowlist: string;
  readonly token_endpoint_auth_method: string | null;
  readonly access_token_ttl: number | null;
  readonly workspace: string | null;
  readonly username: string | null;
  readonly audience: string | null;
  /** A JSON object. */
  readonly labels: string;
  /** A JSON object; null: none. */
  readonly claims: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
}

interface OwnersTable {
  readonly name: string;
  readonly description: string | null;
  readonly contact: string | null;
  /** A JSON object. */
  readonly policy: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
}

interface ClientSecretsTable {
  readonly secret_id: SecretId;
  readonly client_id: ClientId;
  /** Its position among the secrets of its client. */
  readonly place: number;
  readonly handle: string;
  readonly kind: string;
  readonly digest: Uint8Array;
  readonly pepper: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly label: string | null;
  readonly not_before: number | null;
  readonly idle_since: number | null;
  readonly idle_after: number | null;
  readonly revoked_at: number | null;
}

interface SecretUsesTable {
  readonly secret_id: SecretId;
  readonly used_at: number;
  readonly used_from: string;
}

interface ClientScopesTable {
  readonly name: string;
  readonly client_id: ClientId;
}

interface ClientLabelsTable {
  readonly name: string;
  readonly value: string;
  readonly client_id: ClientId;
}

/** The names of the static claims of clients. */
interface ClientClaimsTable {
  /** Folded, see `foldClaimName`. */
  readonly name: string;
  readonly client_id: ClientId;
}

interface ScopesTable {
  readonly name: string;
  readonly description: string;
  /** A JSON object; null: none. */
  readonly claims: string | null;
}

interface KeptAnswersTable {
  readonly key_digest: Uint8Array;
  readonly request_digest: Uint8Array;
  readonly sealed: Uint8Array;
  readonly created_at: number;
}

interface ChangesTable {
  readonly number: Generated<number>;
  readonly client_id: ClientId;
}

interface SigningKeysTable {
  readonly key_id: string;
  readonly algorithm: string;
  readonly public_jwk: string;
  readonly sealed_private_key: Uint8Array;
  readonly created_at: number;
  /** null: since it was made. */
  readonly active_from: number | null;
  readonly retired_at: number | null;
  readonly revoked_at: number | null;
}

interface SealedValuesTable {
  readonly name: string;
  readonly sealed: Uint8Array;
}

interface PeppersTable {
  readonly pepper_id: string;
  /** null: deleted after its end. */
  readonly sealed: Uint8Array | null;
  readonly created_at: number;
  readonly used_from: number;
  readonly ends_at: number | null;
}

/** A row for each data key and each master key that opens it. */
interface DataKeysTable {
  readonly data_key_id: string;
  readonly master_key_id: string;
  /** The data key, encrypted by the master key. */
  readonly wrapped: Uint8Array;
  /** 1: the master key is being replaced. */
  readonly outgoing: number;
  readonly created_at: number;
  /** null: values are sealed under it. */
  readonly retires_at: number | null;
}

interface AuditEventsTable {
  /** In the order of the commits. */
  readonly number: Generated<number>;
  readonly id: string;
  readonly at: number;
  readonly event: string;
  readonly request_id: string | null;
  /** A client id, or the type of another actor. */
  readonly actor: string;
  readonly json: string;
}

interface AuditEventClientsTable {
  readonly client_id: string;
  readonly at: number;
  readonly number: number;
}

interface RefusalsTable extends Omit<AuditEventsTable, "number"> {
  readonly number: Generated<number>;
  readonly client_id: string;
  /** 1: the caller has proved to be the client. */
  readonly proven: number;
  readonly reason: string;
}

interface UnknownRefusalsTable {
  /** The start of the hour. */
  readonly hour: number;
  readonly address_block: string;
  readonly count: number;
}

interface ClientUsageTable {
  readonly client_id: string;
  /** `hour` or `day`. */
  readonly period: string;
  readonly starts_at: number;
  readonly issued: number;
  /** A JSON object. */
  readonly counts: string;
}

interface JournalFilesTable {
  readonly file: string;
  readonly node: string;
  readonly records: number;
  /** The hash of the last record. */
  readonly hash: string;
  readonly oldest_at: number | null;
  readonly newest_at: number | null;
  readonly anchored_at: number;
  /** The index of the state in `states` of journal-anchors.ts. */
  readonly closed: number;
}

interface WebhookDeliveryTable {
  readonly name: string;
  /** The number of the last event that was delivered or skipped. */
  readonly delivered: number;
  /** Events that were skipped since the last delivery. */
  readonly skipped: number;
  /** Failed attempts since the last delivery. */
  readonly attempts: number;
  /** When the receiver first refused what is still to be delivered. */
  readonly refused_since: number | null;
  readonly next_attempt_at: number;
  readonly leased_until: number;
}

interface AnnouncedEndsTable {
  readonly subject: string;
  readonly ends_at: number;
  readonly within_days: number;
}

interface RevocationsTable {
  readonly number: Generated<number>;
  readonly kind: string;
  /** Unique together with the kind. */
  readonly subject: string;
  /** Seconds since the epoch. */
  readonly issued_until: number | null;
  readonly client_id: ClientId | null;
  /** Of a lost handle: the owner of the client when it was lost, which `maxRevocations` counts. */
  readonly owner: string | null;
  readonly revoked_at: number;
  readonly ends_at: number;
}
