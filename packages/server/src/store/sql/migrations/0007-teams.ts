import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/**
 * Owners and roles. Existing owners had no policy, so theirs allows everything. Admin clients that can write become
 * platform admins, those that can only read become auditors.
 */
export const teams = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { instant, integer, text } = rawTypes(columns);
    const statements = [
      sql`create table owners (
        name ${text} not null primary key, description ${text}, contact ${text}, policy ${text} not null,
        created_at ${instant} not null, updated_at ${instant} not null, version ${integer} not null)`,
      sql`alter table clients add column owner ${text} not null default 'default'`,
      sql`alter table clients add column role ${text}`,
      sql`alter table clients add column role_owners ${text}`,
      sql`create index clients_owner on clients (owner, client_id, role)`,
      // Few clients are admin clients
      sql`create index clients_role on clients (role) where role is not null`,
    ];
    for (const statement of statements) await statement.execute(db);
    const { rows } = await sql`select 1 from clients limit 1`.execute(db);
    const isEmpty = rows.length === 0;
    for (const statement of isEmpty ? [insertOwners] : [...ownersOfLabels, insertOwners, ...rolesOfScopes])
      await statement.execute(db);
  },
});

/** In SQLite's words, since no other database has rows from before this migration. */
const validName = sql`value not glob '*[^A-Za-z0-9._-]*' and value glob '[A-Za-z0-9]*' and value glob '*[A-Za-z0-9]'`;

const isForAdmin = sql`(audience = 'urn:carnet:admin' or audience like '%/admin')`;

/** Must not change, like everything in a migration. */
const openPolicy = JSON.stringify({ audiences: ["*"], workspaces: ["*"], usernames: ["*"] });

const ownersOfLabels = [
  // `carnet apply` named the owner in a label
  sql`update clients set owner = (select value from client_labels as label
    where label.client_id = clients.client_id and label.name = 'managed-by')
    where exists (select 1 from client_labels as label
    where label.client_id = clients.client_id and label.name = 'managed-by'
    and length(value) between 1 and 63 and ${validName})`,
  // An invalid name stays a label, so that nothing is lost
  sql`update clients set labels = json_remove(labels, '$."managed-by"') where exists (
    select 1 from client_labels as label where label.client_id = clients.client_id
    and label.name = 'managed-by' and label.value = clients.owner)`,
  sql`delete from client_labels where name = 'managed-by' and exists (
    select 1 from clients where clients.client_id = client_labels.client_id and clients.owner = value)`,
];

const insertOwners = sql`insert into owners (name, description, contact, policy, created_at, updated_at, version)
    select owner, null, null, ${openPolicy}, 0, 0, 1 from (select owner from clients union select 'default' as owner) as named`;

const rolesOfScopes = [
  sql`update clients set role = 'admin' where ${isForAdmin} and exists (select 1 from client_scopes as scope
    where scope.client_id = clients.client_id and scope.name = 'carnet:clients:write')`,
  sql`update clients set role = 'auditor' where ${isForAdmin} and role is null and exists (
    select 1 from client_scopes as scope where scope.client_id = clients.client_id
    and scope.name in ('carnet:clients:read', 'carnet:audit:read'))`,
  sql`update clients set owner = 'default' where role is not null`, // admin clients have no team
];
