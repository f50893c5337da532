import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { migrations } from "@carnet/server/store/migrations";
import { createSqlClientStore } from "@carnet/server/store/sql-client-store";
import { wrapDatabase } from "@carnet/server/store/sqlite/node-sqlite-database";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { queryOf } from "@carnet/testkit/all-clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { Kysely, Migrator, SqliteDialect, sql } from "kysely";

/** Makes a store as the version before left it: two clients, of which one has two secrets, and one of these was used. */
async function makeStoreBefore(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  database.exec(`pragma application_id = ${0x43726e74}`);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: wrapDatabase(database, file) }) });
  const known = migrations({
    instant: "integer",
    bytes: "blob",
    clustered: (table) => table,
    addSequence: (table, name) => table.addColumn(name, "integer", (column) => column.primaryKey().autoIncrement()),
  });
  const before = Object.fromEntries(Object.entries(known).filter(([name]) => name < "0003"));
  const migrator = new Migrator({ db, provider: { getMigrations: async () => before } });
  assert.equal((await migrator.migrateToLatest()).error, undefined);
  for (const id of ["app", "other"]) {
    await sql`insert into clients values (${id}, 'Name', 'file:write file:read', 'strict', 'disabled', 9000, '192.0.2.0/24',
      'client_secret_post', 60, 'space', 1234, 'user', 'api', '{"team":"red"}', 5678, 7)`.execute(db);
    await sql`insert into client_scopes values ('file:write', ${id}), ('file:read', ${id})`.execute(db);
    await sql`insert into client_labels values ('team', 'red', ${id})`.execute(db);
  }
  await sql`insert into client_secrets values
    ('secret0second000', 'app', 'human', x'02', x'03', 20, 9000, 'second', 30, 40, 50, 60, null, null, ''),
    ('secret0first0000', 'app', 'imported', x'01', x'', 10, null, null, null, null, null, null, 70, '192.0.2.7', 'abcd')`.execute(
    db,
  );
  await db.destroy();
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.of(...values);

test("a store of the version before keeps all that its clients had, last uses included", async () => {
  await using folder = await temporaryFolder();
  const file = folder.file("carnet.db");
  await makeStoreBefore(file);
  const db = await openSqlite(file);
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const store = createSqlClientStore(db, { clock, drawStandIn: () => "0" });
  const { client, known } = await store.find(clientIdOf("app"));
  assert.equal(known, true);
  const { secrets, ipAllowlist, ...settings } = client;
  assert.deepEqual(settings, {
    ...{ clientId: "app", clientName: "Name", username: "user", workspace: "space", audience: "api" },
    ...{ scopes: ["file:write", "file:read"], scopePolicy: "strict", status: "disabled", expiresAt: 9000 },
    ...{ tokenEndpointAuthMethod: "client_secret_post", accessTokenTtl: 60, labels: { team: "red" } },
    ...{ createdAt: 1234, updatedAt: 5678, version: 7 },
  });
  assert.deepEqual(
    ipAllowlist.map(({ text }) => text),
    ["192.0.2.0/24"],
  );
  assert.deepEqual(secrets, [
    {
      ...{ secretId: "secret0first0000", kind: "imported", digest: bytes(1), salt: bytes(), label: null },
      ...{ prefix: "abcd", createdAt: 10, notBefore: null, expiresAt: null, idle: null, revokedAt: null },
      lastUse: { at: 70, from: "192.0.2.7" },
    },
    {
      ...{ secretId: "secret0second000", kind: "human", digest: bytes(2), salt: bytes(3), label: "second", prefix: "" },
      ...{ createdAt: 20, notBefore: 30, expiresAt: 9000, idle: { since: 40, after: 50 }, revokedAt: 60 },
      lastUse: null,
    },
  ]);
  const found = await store.search(queryOf({ scope: "file:read", labels: { team: "red" } }));
  assert.deepEqual(
    found.clients.map(({ clientId }) => clientId),
    ["app", "other"],
  );
  assert.equal(await store.delete(client), "deleted");
  const left = async (table: string) =>
    (await sql<{ id: string }>`select distinct client_id as id from ${sql.table(table)}`.execute(db)).rows.map(
      (row) => ({ ...row }),
    );
  for (const table of ["clients", "client_scopes", "client_labels"])
    assert.deepEqual(await left(table), [{ id: "other" }]);
  assert.deepEqual(await left("client_secrets"), []);
  assert.deepEqual((await sql`select * from secret_uses`.execute(db)).rows, [], "uses go with their secrets");
  assert.deepEqual((await sql`pragma foreign_key_check`.execute(db)).rows, []);
  const sound = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db);
  assert.equal(sound.rows[0]?.integrity_check, "ok");
  await db.destroy();
});
