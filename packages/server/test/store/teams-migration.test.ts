import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { allClients, queryOf } from "@carnet/testkit/all-clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";

const earlierStore = new URL("../../../../test/fixtures/store-b33f3c3.sql", import.meta.url);

interface EarlierClient {
  readonly id: string;
  readonly audience?: string;
  readonly scopes?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

function insertEarlier(database: DatabaseSync, { id, audience, scopes = [], labels = {} }: EarlierClient): void {
  database
    .prepare(
      "insert into clients (client_id, scope, scope_policy, status, ip_allowlist, audience, labels, created_at, updated_at, version) values (?, ?, 'narrow', 'active', '', ?, ?, 0, 0, 1)",
    )
    .run(id, scopes.join(" "), audience ?? null, JSON.stringify(labels));
  for (const scope of scopes)
    database.prepare("insert into client_scopes (name, client_id) values (?, ?)").run(scope, id);
  for (const [name, value] of Object.entries(labels))
    database.prepare("insert into client_labels (name, value, client_id) values (?, ?, ?)").run(name, value, id);
}

const admin = "urn:carnet:admin";
const earlier: readonly EarlierClient[] = [
  { id: "applied", labels: { "managed-by": "payments", applied: "abc", team: "x" } },
  { id: "applied too", labels: { "managed-by": "payments" } },
  { id: "applied by nobody", labels: { "managed-by": "not an owner's name" } },
  { id: "searching", labels: { "managed-by": "search" } },
  { id: "writer", audience: admin, scopes: ["carnet:clients:write"] },
  { id: "reader", audience: admin, scopes: ["carnet:clients:read"] },
  { id: "audit reader", audience: admin, scopes: ["carnet:audit:read"] },
  { id: "for another api", scopes: ["carnet:clients:write"] },
  { id: "without scopes", audience: admin },
];

test("a store from before teams gets owners with open policies, and its admin clients get roles", async () => {
  await using folder = await temporaryFolder();
  const file = folder.file("carnet.db");
  const database = new DatabaseSync(file);
  database.exec(readFileSync(earlierStore, "utf8"));
  for (const client of earlier) insertEarlier(database, client);
  database.close();
  await using cleanup = new AsyncDisposableStack();
  const db = await openSqlite(file);
  cleanup.defer(() => db.destroy());
  const ports = sqlitePorts(new FixedClock("2026-11-21T12:00:00Z"));
  const store = createSqlClientStore(db, ports);

  const owners = await createSqlOwnerStore(db, ports).list();
  const named = owners.map(({ name, policy }) => ({ name, policy }));
  const expected = ["default", "payments", "search"].map((name) => ({ name, policy: openPolicy }));
  assert.deepEqual(named, expected);

  const facts = (await allClients(store)).map(({ clientId, owner, role, roleOwners, labels }) => [
    clientId,
    { owner, role, roleOwners, labels },
  ]);
  const plain = { owner: "default", role: null, roleOwners: null, labels: {} };
  assert.deepEqual(Object.fromEntries(facts), {
    applied: { ...plain, owner: "payments", labels: { applied: "abc", team: "x" } },
    "applied too": { ...plain, owner: "payments" },
    "applied by nobody": { ...plain, labels: { "managed-by": "not an owner's name" } },
    searching: { ...plain, owner: "search" },
    "carnet-admin": { ...plain, role: "admin" },
    writer: { ...plain, role: "admin" },
    reader: { ...plain, role: "auditor" },
    "audit reader": { ...plain, role: "auditor" },
    "for another api": plain,
    "without scopes": plain,
    disabled: plain,
    generated: { ...plain, labels: { team: "payments" } },
    imported: plain,
    person: plain,
  });
  for (const [labels, count] of [
    [{ "managed-by": "payments" }, 0],
    [{ "managed-by": "not an owner's name" }, 1],
    [{ applied: "abc" }, 1],
  ] as const)
    assert.equal((await store.search(queryOf({ labels }))).clients.length, count, JSON.stringify(labels));
});
