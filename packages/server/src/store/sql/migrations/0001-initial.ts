import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** All tables, as they were before 0004. Must not change: later changes are migrations of their own. */
export const initialSchema = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { bytes, instant, integer, sequence, text, clustered: end } = rawTypes(columns);
    const ofClient = sql`client_id ${text} not null references clients (client_id) on delete cascade`;
    const statements = [
      sql`create table clients (
        client_id ${text} not null primary key, client_name ${text}, scope ${text} not null, scope_policy ${text} not null,
        status ${text} not null, expires_at ${instant}, ip_allowlist ${text} not null, token_endpoint_auth_method ${text},
        access_token_ttl ${integer}, workspace ${text}, username ${text}, audience ${text}, labels ${text} not null,
        created_at ${instant} not null, updated_at ${instant} not null, version ${integer} not null) ${end}`,
      sql`create table client_secrets (
        secret_id ${text} not null unique, ${ofClient}, place ${integer} not null, kind ${text} not null,
        digest ${bytes} not null, salt ${bytes} not null, label ${text}, prefix ${text} not null,
        created_at ${instant} not null, not_before ${instant}, expires_at ${instant}, idle_since ${instant},
        idle_after ${instant}, revoked_at ${instant}, primary key (client_id, place, secret_id)) ${end}`,
      // Finds the clients with slow-hashed secrets at each start without reading the whole table
      sql`create index client_secrets_slow on client_secrets (kind) where kind = 'human'`,
      // Narrow rows of their own, because they change often
      sql`create table secret_uses (
        secret_id ${text} not null primary key references client_secrets (secret_id) on delete cascade,
        used_at ${instant} not null, used_from ${text} not null) ${end}`,
      // For searches
      sql`create table client_scopes (name ${text} not null, ${ofClient}, primary key (name, client_id)) ${end}`,
      sql`create table client_labels (
        name ${text} not null, value ${text} not null, ${ofClient}, primary key (name, value, client_id)) ${end}`,
      sql`create index client_scopes_of_client on client_scopes (client_id)`,
      sql`create index client_labels_of_client on client_labels (client_id)`,
      sql`create table signing_keys (
        key_id ${text} not null primary key, algorithm ${text} not null, public_jwk ${text} not null,
        sealed_private_key ${bytes} not null, created_at ${instant} not null)`,
      sql`create table sealed_values (name ${text} not null primary key, sealed ${bytes} not null)`,
      sql`create table scopes (name ${text} not null primary key, description ${text} not null)`,
      sql`create table kept_answers (
        key_digest ${bytes} not null primary key, request_digest ${bytes} not null, sealed ${bytes} not null,
        created_at ${instant} not null)`,
      sql`create table changes (number ${sequence}, client_id ${text} not null)`,
      sql`insert into scopes (name, description) values ${sql.join(seededScopes.map((row) => sql`(${sql.join(row)})`))}`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
});

/** The documented scopes of the platform that this service is compatible with, and its own. */
const seededScopes = [
  ["activity:read", "Read activities"],
  ["file:read", "Read files"],
  ["file:write", "Create and change files"],
  ["graph:read", "Read the graph"],
  ["graph:write", "Change the graph"],
  ["organization:read", "Read the organization"],
  ["organization:write", "Change the organization"],
  ["task:read", "Read tasks"],
  ["task:write", "Create and change tasks"],
  ["carnet:clients:read", "Read the clients of this service"],
  ["carnet:clients:write", "Register and change the clients of this service, their secrets and the scope catalogue"],
] as const;
