import type { ClientId, SecretId } from "@carnet/protocol/ids";

/** The tables, as Kysely sees them. Times are milliseconds since the epoch. */
export interface Tables {
  readonly clients: ClientsTable;
  readonly client_secrets: ClientSecretsTable;
  readonly signing_keys: SigningKeysTable;
  readonly sealed_values: SealedValuesTable;
}

interface ClientsTable {
  readonly client_id: ClientId;
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
  readonly created_at: number;
}

interface ClientSecretsTable {
  readonly secret_id: SecretId;
  readonly client_id: ClientId;
  readonly kind: string;
  readonly digest: Uint8Array;
  readonly salt: Uint8Array;
  readonly created_at: number;
  readonly expires_at: number | null;
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
