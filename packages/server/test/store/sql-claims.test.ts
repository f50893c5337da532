import assert from "node:assert/strict";
import { test } from "node:test";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { databases, storePorts } from "@carnet/testkit/test-database";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const clock = new FixedClock("2026-11-21T12:00:00Z");
const admin = adminPortsOf(new TestEndpoint());
const odd = { 'quote"\\': "\u0000\n🔑", constructor: { "10": 1, "9": [null, 1.5e-7, true] } };

for (const { name, open } of databases) {
  test(`${name}: claims of clients and scopes are stored as they are, and a change notices another one`, async () => {
    await using opened = await open();
    const scopes = createSqlScopeStore(opened.db, storePorts(opened.dialect, clock));
    const clients = createSqlClientStore(opened.db, storePorts(opened.dialect, clock));
    const client = { ...plainClient("app"), claims: odd };
    await clients.insert([client], withEvent());
    assert.deepEqual((await clients.find(client.clientId))?.claims, odd);
    await clients.replace({ ...client, version: 2, claims: {} }, withEvent());
    assert.deepEqual((await clients.find(client.clientId))?.claims, {});

    const [plain, claimed] = [{}, odd].map((claims) => ({ name: "x", description: "x", claims }));
    assert.ok(plain && claimed);
    assert.equal(await scopes.put(plain, null, withEvent()), "put");
    assert.deepEqual(await scopes.claims(), new Map());
    assert.equal(await scopes.put(claimed, plain, withEvent()), "put");
    assert.deepEqual(await scopes.claims(), new Map([["x", odd]]));
    assert.deepEqual(
      (await scopes.list()).find(({ name }) => name === "x"),
      claimed,
    );
    assert.equal(await scopes.put(plain, plain, withEvent()), "changed");
    assert.equal(await scopes.delete(plain, withEvent()), "changed");
    assert.equal(await scopes.delete(claimed, withEvent()), "deleted");
    assert.equal((await opened.db.selectFrom("client_claims").selectAll().execute()).length, 0);
  });

  test(`${name}: a scope gets no claim that a client has, and a client none that a scope has got meanwhile`, async () => {
    await using opened = await open();
    const scopes = createSqlScopeStore(opened.db, storePorts(opened.dialect, clock));
    const clients = createSqlClientStore(opened.db, storePorts(opened.dialect, clock));
    const client = { ...plainClient("app"), claims: { Tier: "gold" } };
    const scope = { name: "x", description: "x", claims: { tier: "gold" } };
    await clients.insert([client], withEvent());
    assert.equal(await scopes.put(scope, null, withEvent()), "claims_used");
    assert.ok(!(await scopes.list()).some(({ name }) => name === "x"));
    await clients.replace({ ...client, version: 2, claims: {} }, withEvent());
    assert.equal(await scopes.put(scope, null, withEvent()), "put");
    const ofNoScope = { ...withEvent(), claimsOfNoScope: ["TIER"] };
    assert.equal(await clients.replace({ ...client, version: 3 }, ofNoScope), "owner_changed");
    const other = { ...plainClient("other"), claims: { tier: "gold" } };
    assert.deepEqual(await clients.insert([other], ofNoScope), { kind: "owner_changed" });
    assert.equal(await clients.replace({ ...client, version: 3 }, withEvent()), "replaced", "by a platform admin");
    const changed = { ...scope, claims: { tier: "silver" } };
    assert.equal(await scopes.put(changed, scope, withEvent()), "put", "its name is not new");
  });

  test(`${name}: two scopes that get claims at the same time do not exceed the bound of both`, async () => {
    await using opened = await open();
    const store = createSqlScopeStore(opened.db, storePorts(opened.dialect, clock));
    const bothHaveRead = Promise.withResolvers<void>();
    let reads = 0;
    const claims: typeof store.claims = async () => {
      const read = await store.claims();
      if (++reads === 2) bothHaveRead.resolve();
      await bothHaveRead.promise;
      return read;
    };
    const catalogue = new ScopeCatalogue({ ...store, claims }, true);
    const put = (scope: string) =>
      catalogue.put({ name: scope, description: scope, claims: { [scope]: "x".repeat(700) } }, admin);
    const outcomes = await Promise.all([put("a"), put("b")]);
    const refused = outcomes.filter((outcome) => !outcome.ok);
    assert.deepEqual([outcomes.length, refused.length], [2, 1]);
    assert.match(refused[0]?.ok === false ? refused[0].error.detail : "", /they would have 1415/);
    assert.equal((await store.claims()).size, 1);
  });
}
