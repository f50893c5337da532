import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Actor, ChangedObject } from "@carnet/core/audit/event";
import type { EventQuery } from "@carnet/core/audit/event-store";
import { maxImportBatch } from "@carnet/protocol/admin/max-import-batch";
import { clientIdOf, plainClient } from "./sample-clients.ts";
import { eventQuery, eventWith, idsOfEvents } from "./sample-events.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Declares the tests for the events of changes: that each is stored exactly when its change is, and how it is found. */
export function testEvents(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name}: events`, () => {
    testEventsOfClients(open);
    testEventsOfScopes(open);
    testSearch(open);
    testTrim(open);
  });
}

const record = { keyDigest: new Uint8Array(32), requestDigest: new Uint8Array(32), sealed: new Uint8Array(1) };

/** Starts without the events of opening the store. */
async function empty(open: () => Promise<StoreUnderTest>): Promise<StoreUnderTest> {
  const under = await open();
  await under.events.trim(Number.MAX_SAFE_INTEGER);
  return under;
}

function testEventsOfClients(open: () => Promise<StoreUnderTest>): void {
  test("an event is stored with the change of a client, and not when the change is refused", async () => {
    await using under = await empty(open);
    const { store, events } = under;
    const [made, replaced, deleted] = [eventWith(), eventWith(), eventWith()];
    const client = plainClient("app");
    const next = { ...client, version: 2 };
    await store.insert([client], { event: made, record, owners: [] });
    assert.deepEqual(await idsOfEvents(events), [made.id]);
    assert.equal((await store.insert([plainClient("new"), client], { event: eventWith(), owners: [] })).kind, "taken");
    assert.equal(
      (await store.insert([plainClient("new")], { event: eventWith(), record, owners: [] })).kind,
      "repeated",
    );
    assert.equal(await store.replace({ ...client, version: 9 }, { event: eventWith(), owners: [] }), "changed");
    assert.equal(await store.replace(next, { event: eventWith(), record, owners: [] }), "repeated");
    assert.equal(await store.delete({ ...client, version: 9 }, { event: eventWith() }), "changed");
    assert.deepEqual(await idsOfEvents(events), [made.id]);
    assert.equal(await store.replace(next, { event: replaced, owners: [] }), "replaced");
    assert.equal(await store.delete(next, { event: deleted }), "deleted");
    assert.deepEqual(await idsOfEvents(events), [deleted.id, replaced.id, made.id]);
  });

  test("a change whose transaction fails leaves no event", async () => {
    await using under = await empty(open);
    const [one, two] = [plainClient("one"), plainClient("two")];
    const secrets = two.secrets.map((secret) => ({ ...secret, digest: one.secrets[0]?.digest ?? secret.digest }));
    await assert.rejects(async () =>
      under.store.insert([one, { ...two, secrets }], { event: eventWith(), owners: [] }),
    );
    assert.deepEqual(await idsOfEvents(under.events), []);
    assert.equal(await under.store.find(one.clientId), undefined);
  });
}

function testEventsOfScopes(open: () => Promise<StoreUnderTest>): void {
  test("an event is stored with the change of a scope, and not when the scope was changed meanwhile", async () => {
    await using under = await empty(open);
    const { scopes, events } = under;
    const [put, changed, deleted] = [eventWith(), eventWith(), eventWith()];
    const [first, second] = [
      { name: "x:y", description: "First", claims: {} },
      { name: "x:y", description: "Second", claims: {} },
    ];
    assert.equal(await scopes.put(first, null, { event: put }), "put");
    assert.equal(await scopes.put(second, null, { event: eventWith() }), "changed");
    assert.equal(await scopes.delete(second, { event: eventWith() }), "changed");
    assert.deepEqual(await idsOfEvents(events), [put.id]);
    assert.equal(await scopes.put(second, first, { event: changed }), "put");
    assert.equal(await scopes.delete(second, { event: deleted }), "deleted");
    assert.equal(await scopes.delete(second, { event: eventWith() }), "changed");
    assert.deepEqual(await idsOfEvents(events), [deleted.id, changed.id, put.id]);
  });
}

const actorOf = (clientId: string): Actor => ({
  type: "client",
  clientId: clientIdOf(clientId),
  secretId: null,
  jti: "j",
});
const clientNamed = (id: string): ChangedObject => ({
  type: "client",
  id,
  clientId: null,
  owner: null,
  action: "changed",
  changes: {},
});
const secretOfClient = (clientId: string): ChangedObject => ({
  type: "secret",
  id: "s",
  clientId: clientIdOf(clientId),
  owner: null,
  action: "changed",
  changes: {},
});

function testSearch(open: () => Promise<StoreUnderTest>): void {
  test("an event is found by each client that it names, by its actor, request, kind and time", async () => {
    await using under = await empty(open);
    const byAdmin = eventWith({ at: 1, actor: actorOf("admin"), objects: [clientNamed("app")], requestId: "r-1" });
    const byApp = eventWith({ at: 2, actor: actorOf("app"), objects: [secretOfClient("other"), clientNamed("app")] });
    const byCli = eventWith({ at: 3, event: "admin_reset", objects: [clientNamed("cli")] });
    const byClientCli = eventWith({ at: 3, actor: actorOf("cli"), requestId: "r-2" });
    for (const event of [byAdmin, byApp, byCli, byClientCli]) await under.events.append(event);
    for (const [conditions, expected] of [
      [{}, [byClientCli, byCli, byApp, byAdmin]],
      [{ clientId: "app" }, [byApp, byAdmin]],
      [{ clientId: "other" }, [byApp]],
      [{ clientId: "cli" }, [byClientCli, byCli]],
      [{ clientId: "APP" }, []],
      [{ actor: "app" }, [byApp]],
      [{ actor: "app", clientId: "other" }, [byApp]],
      [{ actor: "app", clientId: "admin" }, []],
      [{ actor: "cli" }, [byCli]],
      [{ actor: "service" }, []],
      [{ requestId: "r-1" }, [byAdmin]],
      [{ kinds: ["admin_reset"] }, [byCli]],
      [{ kinds: ["admin_reset", "client_changed"], since: 2, until: 3 }, [byApp]],
      [{ before: { at: 3, id: byClientCli.id } }, [byCli, byApp, byAdmin]],
      [{ before: { at: 3, id: byCli.id }, limit: 1 }, [byApp]],
    ] satisfies [Partial<EventQuery>, object[]][]) {
      const found = await idsOfEvents(under.events, conditions);
      assert.deepEqual(
        found,
        expected.map(({ id }) => id),
        JSON.stringify(conditions),
      );
    }
  });

  test("an event of a whole import is found by each of its clients, and has the form of the journal", async () => {
    await using under = await empty(open);
    const ids = Array.from({ length: maxImportBatch }, (_, number) => `app-${number}`);
    const event = eventWith({ event: "clients_imported", objects: ids.map(clientNamed) });
    await under.events.append(event);
    for (const clientId of [ids.at(0), ids.at(-1)]) {
      const [found] = await under.events.search(eventQuery({ clientId: clientId ?? "" }));
      assert.deepEqual([found?.id, found?.at, found?.event], [event.id, event.at, "clients_imported"]);
      const { time, node, objects } = JSON.parse(found?.json ?? "{}");
      assert.deepEqual([time, node, objects.length], [new Date(event.at).toISOString(), "test", ids.length]);
    }
  });
}

function testTrim(open: () => Promise<StoreUnderTest>): void {
  test("old events are deleted, also from the search by client, but none that follows a young one", async () => {
    await using under = await empty(open);
    const at = [10, 20, 30, 5, 40]; // the clock was set back once
    const made = at.map((instant) => eventWith({ at: instant, objects: [clientNamed("app")] }));
    for (const event of made) await under.events.append(event);
    const left = async () => (await idsOfEvents(under.events, { clientId: "app" })).length;
    assert.deepEqual([await under.events.trim(10), await left()], [0, 5]);
    assert.deepEqual([await under.events.trim(30), await left()], [2, 3]);
    assert.deepEqual([await under.events.trim(41), await left()], [3, 0]);
    assert.deepEqual(await idsOfEvents(under.events), []);
  });
}
