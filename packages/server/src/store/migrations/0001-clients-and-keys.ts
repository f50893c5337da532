import { type Kysely, sql } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Clients with their secrets, signing keys and sealed values. */
export const clientsAndKeys = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("clients")
      .addColumn("client_id", "text", (column) => column.primaryKey())
      .addColumn("client_name", "text")
      .addColumn("scope", "text", (column) => column.notNull())
      .addColumn("scope_policy", "text", (column) => column.notNull())
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("expires_at", columns.instant)
      .addColumn("ip_allowlist", "text", (column) => column.notNull())
      .addColumn("token_endpoint_auth_method", "text")
      .addColumn("access_token_ttl", "integer")
      .addColumn("workspace", "text")
      .addColumn("created_at", columns.instant, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("client_secrets")
      .addColumn("secret_id", "text", (column) => column.primaryKey())
      .addColumn("client_id", "text", (column) => column.notNull().references("clients.client_id").onDelete("cascade"))
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("digest", columns.bytes, (column) => column.notNull())
      .addColumn("salt", columns.bytes, (column) => column.notNull())
      .addColumn("created_at", columns.instant, (column) => column.notNull())
      .addColumn("expires_at", columns.instant)
      .execute();
    await db.schema.createIndex("client_secrets_of_client").on("client_secrets").column("client_id").execute();
    // Answers at once whether any secret is slow-hashed, which each refused request asks
    await db.schema
      .createIndex("client_secrets_slow")
      .on("client_secrets")
      .column("kind")
      .where(sql.ref("kind"), "=", sql.lit("human"))
      .execute();
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
  },
});
