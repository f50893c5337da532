import assert from "node:assert/strict";
import { test } from "node:test";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { databases, storePorts } from "@carnet/testkit/test-database";

for (const { name, open } of databases)
  test(`${name}: a scope is deleted from the catalogue only while no client is registered for it`, async () => {
    await using opened = await open();
    const { db, dialect } = opened;
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    const scopes = createSqlScopeStore(db, storePorts(dialect, clock));
    const clients = createSqlClientStore(db, storePorts(dialect, clock));
    const names = async () => (await scopes.list()).map(({ name }) => name);
    const client = { ...plainClient("app"), scopes: ["x", "not-catalogued"] };
    const [first, second] = ["first", "second"].map((description) => ({ name: "x", description, claims: {} }));
    assert.ok(first && second);
    assert.equal(await scopes.put(first, null, withEvent()), "put");
    assert.equal(await scopes.put(second, null, withEvent()), "changed");
    assert.equal(await scopes.put(second, first, withEvent()), "put");
    const described = (await scopes.list()).filter(({ name }) => name === "x");
    assert.deepEqual(
      described.map(({ description }) => description),
      ["second"],
    );
    await clients.insert([client], withEvent());
    assert.deepEqual(
      (await scopes.existing(["not-catalogued", "x", "unheard-of", "file:read"])).toSorted(),
      ["file:read", "not-catalogued", "x"],
      "of the catalogue or of a client",
    );
    assert.deepEqual(await scopes.existing([]), []);
    assert.equal(await scopes.delete(second, withEvent()), "used");
    assert.ok((await names()).includes("x"));
    await clients.replace({ ...client, version: 2, scopes: [] }, withEvent());
    assert.equal(await scopes.delete(first, withEvent()), "changed");
    assert.equal(await scopes.delete(second, withEvent()), "deleted");
    assert.equal(await scopes.delete(second, withEvent()), "changed");
    assert.ok(!(await names()).includes("x"));
  });
