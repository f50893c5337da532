import assert from "node:assert/strict";
import { test } from "node:test";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient } from "@carnet/testkit/sample-clients";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

test("a scope is deleted from the catalogue only while no client is registered for it", async () => {
  await using folder = await temporaryFolder();
  const db = await openSqlite(folder.file("carnet.db"));
  const scopes = createSqlScopeStore(db);
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const clients = createSqlClientStore(db, { clock, dialect: sqliteDialect });
  const names = async () => (await scopes.list()).map(({ name }) => name);
  const client = { ...plainClient("app"), scopes: ["x", "not-catalogued"] };
  await scopes.put({ name: "x", description: "first" });
  await scopes.put({ name: "x", description: "second" });
  const described = (await scopes.list()).filter(({ name }) => name === "x");
  assert.deepEqual(
    described.map(({ description }) => description),
    ["second"],
  );
  await clients.insert([client]);
  assert.equal(await scopes.delete("x"), "used");
  assert.ok((await names()).includes("x"));
  await clients.replace({ ...client, version: 2, scopes: [] });
  assert.equal(await scopes.delete("x"), "deleted");
  assert.equal(await scopes.delete("x"), "missing");
  assert.ok(!(await names()).includes("x"));
  await db.destroy();
});
