import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { migrations } from "@carnet/server/store/migrations";
import { createSqlClientStore } from "@carnet/server/store/sql-client-store";
import { createSqlScopeStore } from "@carnet/server/store/sql-scope-store";
import { wrapDatabase } from "@carnet/server/store/sqlite/node-sqlite-database";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { queryOf } from "@carnet/testkit/all-clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { Kysely, Migrator, SqliteDialect, sql } from "kysely";

/** Makes a store as the version before administration left it, with three clients of every kind of secret. */
async function makeFirstStore(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  database.exec(`pragma application_id = ${0x43726e74}`);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: wrapDatabase(database, file) }) });
  const [first] = Object.entries(
    migrations({
      instant: "integer",
      bytes: "blob",
      clustered: (table) => table,
      addSequence: (table, name) => table.addColumn(name, "integer", (column) => column.primaryKey().autoIncrement()),
    }),
  );
  assert.ok(first?.[0] === "0001-clients-and-keys");
  const migrator = new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries([first]) } });
  assert.equal((await migrator.migrateToLatest()).error, undefined);
  for (const [id, scope, kind] of [
    ["app", "file:write file:read", "generated"],
    ["none", "", "imported"],
    ["other", "file:read", "human"],
  ] as const) {
    await sql`insert into clients (client_id, scope, scope_policy, status, ip_allowlist, created_at)
      values (${id}, ${scope}, 'narrow', 'active', '', 1234)`.execute(db);
    await sql`insert into client_secrets (secret_id, client_id, kind, digest, salt, created_at)
      values (${`secret0of0${id}`.padEnd(16, "0")}, ${id}, ${kind}, x'01', x'', 1234)`.execute(db);
  }
  await db.destroy();
}

test("a store of the version before is brought up to administration, with its clients as they were", async () => {
  await using folder = await temporaryFolder();
  const file = folder.file("carnet.db");
  await makeFirstStore(file);
  const db = await openSqlite(file);
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const store = createSqlClientStore(db, { clock, drawStandIn: () => "0" });
  const { client, known } = await store.find(clientIdOf("app"));
  const { secrets, ...settings } = client;
  assert.equal(known, true);
  assert.deepEqual(settings, {
    ...{ clientId: "app", clientName: null, username: null, workspace: null, audience: null, labels: {} },
    ...{ scopes: ["file:write", "file:read"], scopePolicy: "narrow", status: "active", expiresAt: null },
    ...{ ipAllowlist: [], tokenEndpointAuthMethod: null, accessTokenTtl: null },
    ...{ createdAt: 1234, updatedAt: 1234, version: 1 },
  });
  assert.deepEqual(
    secrets.map(({ digest: _, salt: __, ...secret }) => secret),
    [
      {
        ...{ secretId: "secret0of0app000", kind: "generated", prefix: "carnet_secret0of0app000_", createdAt: 1234 },
        ...{ label: null, notBefore: null, expiresAt: null, idle: null, revokedAt: null, lastUse: null },
      },
    ],
  );
  const found = await store.search(queryOf({ scope: "file:read" }));
  assert.deepEqual(
    found.clients.map(({ clientId, secrets: [secret] }) => [clientId, secret?.prefix]),
    [
      ["app", "carnet_secret0of0app000_"],
      ["other", ""],
    ],
  );
  assert.equal(await store.replace({ ...client, version: 2, clientName: "changed" }), "replaced");
  const names = (await createSqlScopeStore(db).list()).map(({ name }) => name);
  assert.deepEqual(names, [
    ...["activity:read", "carnet:clients:read", "carnet:clients:write", "file:read", "file:write", "graph:read"],
    ...["graph:write", "organization:read", "organization:write", "task:read", "task:write"],
  ]);
  await db.destroy();
});
