import { type ColumnDefinitionBuilder, type Kysely, sql } from "kysely";
import type { ColumnTypes } from "../sql-dialect.ts";

/** All tables. */
export const initialSchema = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await createClientTables(db, columns);
    await createFinderTables(db, columns);
    await createKeyTables(db, columns);
    await db.schema
      .createTable("scopes")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("description", "text", (column) => column.notNull())
      .execute();
    const rows = seededScopes.map((row) => sql`(${sql.join(row)})`);
    await sql`insert into scopes (name, description) values ${sql.join(rows)}`.execute(db);
    await db.schema
      .createTable("kept_answers")
      .addColumn("key_digest", columns.bytes, (column) => column.primaryKey())
      .addColumn("request_digest", columns.bytes, (column) => column.notNull())
      .addColumn("sealed", columns.bytes, (column) => column.notNull())
      .addColumn("created_at", columns.instant, (column) => column.notNull())
      .execute();
    await columns
      .addSequence(db.schema.createTable("changes"), "number")
      .addColumn("client_id", "text", (column) => column.notNull())
      .execute();
  },
});

const ofClient = (column: ColumnDefinitionBuilder) =>
  column.notNull().references("clients.client_id").onDelete("cascade");

async function createClientTables(db: Kysely<unknown>, columns: ColumnTypes): Promise<void> {
  await columns
    .clustered(db.schema.createTable("clients"))
    .addColumn("client_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("client_name", "text")
    .addColumn("scope", "text", (column) => column.notNull())
    .addColumn("scope_policy", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("expires_at", columns.instant)
    .addColumn("ip_allowlist", "text", (column) => column.notNull())
    .addColumn("token_endpoint_auth_method", "text")
    .addColumn("access_token_ttl", "integer")
    .addColumn("workspace", "text")
    .addColumn("username", "text")
    .addColumn("audience", "text")
    .addColumn("labels", "text", (column) => column.notNull())
    .addColumn("created_at", columns.instant, (column) => column.notNull())
    .addColumn("updated_at", columns.instant, (column) => column.notNull())
    .addColumn("version", "integer", (column) => column.notNull())
    .execute();
  await columns
    .clustered(db.schema.createTable("client_secrets"))
    .addColumn("secret_id", "text", (column) => column.notNull().unique())
    .addColumn("client_id", "text", ofClient)
    .addColumn("place", "integer", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("digest", columns.bytes, (column) => column.notNull())
    .addColumn("salt", columns.bytes, (column) => column.notNull())
    .addColumn("label", "text")
    .addColumn("prefix", "text", (column) => column.notNull())
    .addColumn("created_at", columns.instant, (column) => column.notNull())
    .addColumn("not_before", columns.instant)
    .addColumn("expires_at", columns.instant)
    .addColumn("idle_since", columns.instant)
    .addColumn("idle_after", columns.instant)
    .addColumn("revoked_at", columns.instant)
    .addPrimaryKeyConstraint("client_secrets_place", ["client_id", "place", "secret_id"])
    .execute();
  // Finds the clients with slow-hashed secrets at each start without reading the whole table
  await db.schema
    .createIndex("client_secrets_slow")
    .on("client_secrets")
    .column("kind")
    .where(sql.ref("kind"), "=", sql.lit("human"))
    .execute();
  await columns
    .clustered(db.schema.createTable("secret_uses")) // narrow rows of their own, because they change often
    .addColumn("secret_id", "text", (column) =>
      column.primaryKey().references("client_secrets.secret_id").onDelete("cascade"),
    )
    .addColumn("used_at", columns.instant, (column) => column.notNull())
    .addColumn("used_from", "text", (column) => column.notNull())
    .execute();
}

/** The tables by which a search finds clients. */
async function createFinderTables(db: Kysely<unknown>, columns: ColumnTypes): Promise<void> {
  await columns
    .clustered(db.schema.createTable("client_scopes"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("client_id", "text", ofClient)
    .addPrimaryKeyConstraint("client_scopes_place", ["name", "client_id"])
    .execute();
  await columns
    .clustered(db.schema.createTable("client_labels"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .addColumn("client_id", "text", ofClient)
    .addPrimaryKeyConstraint("client_labels_place", ["name", "value", "client_id"])
    .execute();
  await db.schema.createIndex("client_scopes_of_client").on("client_scopes").column("client_id").execute();
  await db.schema.createIndex("client_labels_of_client").on("client_labels").column("client_id").execute();
}

async function createKeyTables(db: Kysely<unknown>, columns: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("signing_keys")
    .addColumn("key_id", "text", (column) => column.primaryKey())
    .addColumn("algorithm", "text", (column) => column.notNull())
    .addColumn("public_jwk", "text", (column) => column.notNull())
    .addColumn("sealed_private_key", columns.bytes, (column) => column.notNull())
    .addColumn("created_at", columns.instant, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("sealed_values")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("sealed", columns.bytes, (column) => column.notNull())
    .execute();
}

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
  ["carnet:clients:read", "Look at the clients of this service"],
  ["carnet:clients:write", "Register and change the clients of this service, their secrets and the scope catalogue"],
] as const;
