import { type ColumnDefinitionBuilder, type Kysely, sql } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * What makes it cheap to read one client among a million: rows lie where their key leads, with no further step from an
 * index to a table. And to keep last uses: they have narrow rows of their own, so that many of them share a page.
 */
export const quickReading = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    for (const table of rebuilt) await db.schema.alterTable(table).renameTo(`old_${table}`).execute();
    await makeTables(db, columns);
    await sql`insert into clients (${names.clients}) select ${names.clients} from old_clients order by client_id`.execute(
      db,
    );
    await sql`insert into client_secrets (${names.secrets}, place)
      select ${names.secrets}, row_number() over (partition by client_id order by created_at, secret_id) - 1 as place
      from old_client_secrets order by client_id, place, secret_id`.execute(db);
    await sql`insert into secret_uses (secret_id, used_at, used_from)
      select secret_id, last_used_at, coalesce(last_used_from, '') from old_client_secrets
      where last_used_at is not null order by secret_id`.execute(db);
    await sql`insert into client_scopes select * from old_client_scopes order by name, client_id`.execute(db);
    await sql`insert into client_labels select * from old_client_labels order by name, value, client_id`.execute(db);
    // What refers to others first: to drop what is referred to would drop those rows one by one
    for (const table of rebuilt.toReversed()) await db.schema.dropTable(`old_${table}`).execute();
    await makeIndexes(db);
  },
});

const rebuilt = ["clients", "client_secrets", "client_scopes", "client_labels"] as const;

const list = (columns: string) => sql.join(columns.split(" ").map((name) => sql.ref(name)));
const names = {
  clients: list(
    "client_id client_name scope scope_policy status expires_at ip_allowlist token_endpoint_auth_method access_token_ttl workspace username audience labels created_at updated_at version",
  ),
  secrets: list(
    "secret_id client_id kind digest salt label prefix created_at not_before expires_at idle_since idle_after revoked_at",
  ),
} as const;

async function makeTables(db: Kysely<unknown>, columns: ColumnTypes): Promise<void> {
  const make = (table: string) => columns.clustered(db.schema.createTable(table));
  await make("clients")
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
  const ofClient = (column: ColumnDefinitionBuilder) =>
    column.notNull().references("clients.client_id").onDelete("cascade");
  await make("client_secrets")
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
  await make("secret_uses")
    .addColumn("secret_id", "text", (column) =>
      column.primaryKey().references("client_secrets.secret_id").onDelete("cascade"),
    )
    .addColumn("used_at", columns.instant, (column) => column.notNull())
    .addColumn("used_from", "text", (column) => column.notNull())
    .execute();
  await make("client_scopes")
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("client_id", "text", ofClient)
    .addPrimaryKeyConstraint("client_scopes_place", ["name", "client_id"])
    .execute();
  await make("client_labels")
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .addColumn("client_id", "text", ofClient)
    .addPrimaryKeyConstraint("client_labels_place", ["name", "value", "client_id"])
    .execute();
}

async function makeIndexes(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("client_scopes_of_client").on("client_scopes").column("client_id").execute();
  await db.schema.createIndex("client_labels_of_client").on("client_labels").column("client_id").execute();
  await db.schema
    .createIndex("client_secrets_slow") // answers at once whether any secret is slow-hashed
    .on("client_secrets")
    .column("kind")
    .where(sql.ref("kind"), "=", sql.lit("human"))
    .execute();
}
