import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { Generated } from "kysely";

/** The tables, as Kysely sees them. Times are milliseconds since the epoch. */
export interface Tables {
  readonly clients: ClientsTable;
  readonly client_secrets: ClientSecretsTable;
  readonly secret_uses: SecretUsesTable;
  readonly signing_keys: SigningKeysTable;
  readonly sealed_values: SealedValuesTable;
  readonly client_scopes: ClientScopesTable;
  readonly client_labels: ClientLabelsTable;
  readonly scopes: ScopesTable;
  readonly kept_answers: KeptAnswersTable;
  readonly changes: ChangesTable;
}

interface ClientsTable {
  readonly client_id: ClientId;
  readonly handle: string;
  readonly client_name: string | null;
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

interface ScopesTable {
  readonly name: string;
  readonly description: string;
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
}

interface SealedValuesTable {
  readonly name: string;
  readonly sealed: Uint8Array;
}
