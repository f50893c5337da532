import { type Kysely, sql } from "kysely";
import type { ColumnTypes } from "../column-types.ts";
import type { Tables } from "../schema.ts";

/** What administration needs: more of clients and secrets, the scope catalogue, kept answers and the feed of changes. */
export const administration = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable("clients").addColumn("username", "text").execute();
    await db.schema.alterTable("clients").addColumn("audience", "text").execute();
    await db.schema
      .alterTable("clients")
      .addColumn("labels", "text", (c) => c.notNull().defaultTo("{}"))
      .execute();
    await db.schema
      .alterTable("clients")
      .addColumn("updated_at", columns.instant, (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable("clients")
      .addColumn("version", "integer", (c) => c.notNull().defaultTo(1))
      .execute();
    await sql`update clients set updated_at = created_at`.execute(db);

    const secretColumns = [
      ["label", "text"],
      ["not_before", columns.instant],
      ["idle_since", columns.instant],
      ["idle_after", columns.instant],
      ["revoked_at", columns.instant],
      ["last_used_at", columns.instant],
      ["last_used_from", "text"],
    ] as const;
    for (const [name, type] of secretColumns)
      await db.schema.alterTable("client_secrets").addColumn(name, type).execute();
    await db.schema
      .alterTable("client_secrets")
      .addColumn("prefix", "text", (c) => c.notNull().defaultTo(""))
      .execute();

    await sql`update client_secrets set prefix = 'carnet_' || secret_id || '_' where kind = 'generated'`.execute(db);

    // What clients are looked for by
    await db.schema
      .createTable("client_scopes")
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("client_id", "text", (c) => c.notNull().references("clients.client_id").onDelete("cascade"))
      .addPrimaryKeyConstraint("client_scopes_key", ["name", "client_id"])
      .execute();
    await fillScopes(db as Kysely<Tables>);
    await db.schema.createIndex("client_scopes_of_client").on("client_scopes").column("client_id").execute();
    await db.schema
      .createTable("client_labels")
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("value", "text", (c) => c.notNull())
      .addColumn("client_id", "text", (c) => c.notNull().references("clients.client_id").onDelete("cascade"))
      .addPrimaryKeyConstraint("client_labels_key", ["name", "value", "client_id"])
      .execute();
    await db.schema.createIndex("client_labels_of_client").on("client_labels").column("client_id").execute();

    await db.schema
      .createTable("scopes")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("description", "text", (c) => c.notNull())
      .execute();
    await sql`insert into scopes (name, description) values ${sql.join(seededScopes.map((row) => sql`(${sql.join(row)})`))}`.execute(
      db,
    );

    await db.schema
      .createTable("kept_answers")
      .addColumn("key_digest", columns.bytes, (c) => c.primaryKey())
      .addColumn("request_digest", columns.bytes, (c) => c.notNull())
      .addColumn("sealed", columns.bytes, (c) => c.notNull())
      .addColumn("created_at", columns.instant, (c) => c.notNull())
      .execute();

    await columns
      .addSequence(db.schema.createTable("changes"), "number")
      .addColumn("client_id", "text", (c) => c.notNull())
      .execute();
  },
});

async function fillScopes(db: Kysely<Tables>): Promise<void> {
  const clients = await db.selectFrom("clients").select(["client_id", "scope"]).where("scope", "!=", "").execute();
  for (const { client_id, scope } of clients) {
    const rows = scope.split(" ").map((name) => ({ name, client_id }));
    await db.insertInto("client_scopes").values(rows).execute();
  }
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
