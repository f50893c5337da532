import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Client } from "@carnet/core/client/client";
import type { ClientSecret, SecretUse } from "@carnet/core/client/client-secret";
import type { ClientQuery, ClientStore } from "@carnet/core/client/client-store";
import type { IdempotencyRecord } from "@carnet/core/idempotency-record";
import { maxImportBatch } from "@carnet/protocol/admin/max-import-batch";
import type { SecretId } from "@carnet/protocol/ids";
import { allClients, queryOf } from "./all-clients.ts";
import { clientIdOf, comparable, fullClient, plainClient, secretOf } from "./sample-clients.ts";
import { withEvent } from "./sample-events.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Declares the tests for inserting, replacing and deleting clients, for idempotency records and for last uses. */
export function testChanges(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name}: changes`, () => {
    testInsertion(open);
    testReplacement(open);
    testDeletion(open);
    testRecords(open);
    testUses(open);
  });
}

const idsOf = async (store: ClientStore, query: Partial<ClientQuery> = {}): Promise<readonly string[]> =>
  (await store.search(queryOf(query))).clients.map(({ clientId }) => clientId);

async function read(store: ClientStore, client: Client): Promise<Client> {
  const found = await store.find(client.clientId);
  assert.ok(found);
  return found;
}

const next = (client: Client, changes: Partial<Client>): Client => ({
  ...client,
  version: client.version + 1,
  ...changes,
});

const recordOf = (request: number, key: number): IdempotencyRecord => ({
  keyDigest: new Uint8Array(32).fill(key),
  requestDigest: new Uint8Array(32).fill(request),
  sealed: Uint8Array.of(request, key),
});

function testInsertion(open: () => Promise<StoreUnderTest>): void {
  test("inserts a whole batch at once, with every field of each client", async () => {
    await using under = await open();
    const clients = Array.from({ length: maxImportBatch }, (_, number) => ({
      ...plainClient(`batch-${String(number).padStart(4, "0")}`),
      scopes: ["b", "a"],
      labels: { number: `${number}` },
    }));
    assert.deepEqual(await under.store.insert(clients, withEvent()), { kind: "inserted" });
    assert.deepEqual((await allClients(under.other)).map(comparable), clients.map(comparable));
    assert.deepEqual(await idsOf(under.other, { labels: { number: "77" } }), ["batch-0077"]);
  });

  test("inserts nothing of a batch in which an id is taken, and names each taken id", async () => {
    await using under = await open();
    await under.store.insert([plainClient("b"), plainClient("d")], withEvent());
    const batch = ["a", "b", "c", "d", "e"].map((id) => ({ ...plainClient(id), scopes: ["new"] }));
    assert.deepEqual(await under.store.insert(batch, withEvent()), { kind: "taken", clientIds: ["b", "d"] });
    assert.deepEqual(await idsOf(under.store), ["b", "d"]);
    assert.deepEqual(await idsOf(under.store, { scope: "new" }), []);
  });
}

function testReplacement(open: () => Promise<StoreUnderTest>): void {
  test("replaces every setting of a client with its next version", async () => {
    await using under = await open();
    const before = plainClient("app");
    await under.store.insert([before], withEvent());
    const after = { ...fullClient, clientId: before.clientId, createdAt: before.createdAt, version: 2 };
    const secrets = after.secrets.map((secret) => ({ ...secret, lastUse: null }));
    assert.equal(await under.store.replace({ ...after, secrets }, withEvent()), "replaced");
    for (const store of [under.store, under.other])
      assert.deepEqual(comparable(await read(store, before)), comparable({ ...after, secrets }));
    const emptied = next({ ...plainClient("app"), secrets: [] }, { version: 3 });
    assert.equal(await under.store.replace(emptied, withEvent()), "replaced");
    assert.deepEqual(comparable(await read(under.other, before)), comparable(emptied));
  });

  test("refuses a version other than the next, another registration of the id, and a client that does not exist", async () => {
    await using under = await open();
    const before = plainClient("app");
    await under.store.insert([before], withEvent());
    const now = next(before, { clientName: "now" });
    assert.equal(await under.store.replace(now, withEvent()), "replaced");
    for (const stale of [
      next(before, { clientName: "late" }),
      next(now, { clientName: "skips", version: 4 }),
      next(now, { clientName: "same", version: 2 }),
      next(now, { clientName: "older registration", createdAt: before.createdAt - 1 }),
      { ...plainClient("nobody"), version: 2 },
    ]) {
      assert.equal(await under.store.replace(stale, withEvent()), "changed", stale.clientName ?? "");
      assert.deepEqual(comparable(await read(under.store, before)), comparable(now));
    }
    assert.deepEqual(await idsOf(under.store), ["app"]);
  });

  test("lets one of many concurrent replacements of the same version succeed", async () => {
    await using under = await open();
    const before = plainClient("app");
    await under.store.insert([before], withEvent());
    const { contenders } = under;
    const attempts = Array.from({ length: 8 }, (_, number) => next(before, { clientName: `${number}` }));
    const outcomes = await Promise.all(
      attempts.map((attempt, number) => contenders[number % contenders.length]?.replace(attempt, withEvent())),
    );
    assert.equal(outcomes.filter((outcome) => outcome === "replaced").length, 1);
    const { clientName, version } = await read(under.other, before);
    assert.deepEqual({ clientName, version }, { clientName: `${outcomes.indexOf("replaced")}`, version: 2 });
  });

  test("adds, changes and removes secrets with the next version, and keeps last uses", async () => {
    await using under = await open();
    const [stays, goes, comes] = [secretOf("stays"), secretOf("goes"), secretOf("comes")];
    const before = { ...plainClient("app"), secrets: [stays, goes] };
    await under.store.insert([before], withEvent());
    const use: SecretUse = { at: 5, from: "192.0.2.1" };
    await under.store.recordUses(new Map([[stays.secretId, use]]));
    const changed: ClientSecret = { ...stays, label: "changed", revokedAt: 9, idle: { since: 1, after: 2 } };
    assert.equal(await under.store.replace(next(before, { secrets: [changed, comes] }), withEvent()), "replaced");
    const { secrets } = comparable(await read(under.other, before));
    assert.deepEqual(secrets, comparable({ ...before, secrets: [{ ...changed, lastUse: use }, comes] }).secrets);
  });

  test("finds a client by its current name, status, scopes and labels only", async () => {
    await using under = await open();
    const before = {
      ...plainClient("app"),
      clientName: "old name",
      scopes: ["old", "both"],
      labels: { team: "old", "is-old": "" },
    };
    await under.store.insert([before], withEvent());
    const after = next(before, { clientName: "new name", scopes: ["both", "new"], labels: { team: "new" } });
    await under.store.replace({ ...after, status: "disabled" }, withEvent());
    const found = async (query: Partial<ClientQuery>) => (await idsOf(under.other, query)).length === 1;
    for (const query of [
      { text: "new name" },
      { scope: "new" },
      { scope: "both" },
      { labels: { team: "new" } },
      { status: "disabled" },
    ] as const)
      assert.ok(await found(query), JSON.stringify(query));
    for (const query of [
      { text: "old name" },
      { scope: "old" },
      { labels: { team: "old" } },
      { labels: { "is-old": "" } },
      { status: "active" },
    ] as const)
      assert.ok(!(await found(query)), JSON.stringify(query));
  });
}

function testDeletion(open: () => Promise<StoreUnderTest>): void {
  test("deletes a client and all its data, and lets its id be registered again", async () => {
    await using under = await open();
    const labelled = { ...plainClient("app"), scopes: ["a"], labels: { team: "x" }, expiresAt: Date.UTC(2030, 1) };
    const before = { ...labelled, secrets: [secretOf("app"), secretOf("app")] };
    await under.store.insert([before, plainClient("other")], withEvent());
    assert.equal(await under.store.delete(before, withEvent()), "deleted");
    assert.equal(await under.other.find(before.clientId), undefined);
    for (const { digest } of before.secrets) assert.equal(await under.other.findBySecret(digest), undefined);
    for (const query of [{ scope: "a" }, { labels: { team: "x" } }, { endingBefore: Date.UTC(2040, 1) }])
      assert.deepEqual(await idsOf(under.other, query), []);
    assert.deepEqual(await idsOf(under.other), ["other"]);
    const again = { ...plainClient("app"), createdAt: before.createdAt + 1, secrets: [] };
    assert.deepEqual(await under.store.insert([again], withEvent()), { kind: "inserted" });
    assert.deepEqual(comparable(await read(under.other, again)), comparable(again));
    assert.equal(
      await under.store.delete(before, withEvent()),
      "changed",
      "the client that was read is an older registration",
    );
    assert.ok(await under.other.find(again.clientId));
  });

  test("does not delete a client that was changed since it was read", async () => {
    await using under = await open();
    const before = plainClient("app");
    await under.store.insert([before], withEvent());
    const after = next(before, { clientName: "changed" });
    await under.store.replace(after, withEvent());
    assert.equal(await under.store.delete(before, withEvent()), "changed");
    assert.deepEqual(comparable(await read(under.other, before)), comparable(after));
    assert.equal(await under.store.delete({ ...after, createdAt: -1 }, withEvent()), "changed");
    assert.equal(await under.store.delete(plainClient("nobody"), withEvent()), "changed");
    assert.equal(await under.store.delete(after, withEvent()), "deleted");
    assert.equal(await under.store.delete(after, withEvent()), "changed");
  });
}

function testRecords(open: () => Promise<StoreUnderTest>): void {
  test("stores a record with its change, and rolls back a second change with the same key", async () => {
    await using under = await open();
    const before = plainClient("app");
    assert.deepEqual(await under.store.insert([before], withEvent(recordOf(1, 1))), { kind: "inserted" });
    assert.deepEqual(await under.store.insert([plainClient("second")], withEvent(recordOf(2, 1))), {
      kind: "repeated",
    });
    assert.equal(await under.store.replace(next(before, { clientName: "x" }), withEvent(recordOf(3, 1))), "repeated");
    assert.deepEqual(await idsOf(under.other), ["app"]);
    assert.deepEqual(comparable(await read(under.other, before)), comparable(before));
    assert.deepEqual(plain(await under.answers.findRecord(new Uint8Array(32).fill(1))), plain(recordOf(1, 1)));
    assert.equal(await under.answers.findRecord(new Uint8Array(32).fill(2)), undefined);
  });

  test("stores no record for a change that was refused, so its key is still free", async () => {
    await using under = await open();
    const before = plainClient("app");
    await under.store.insert([before], withEvent());
    assert.equal((await under.store.insert([plainClient("app")], withEvent(recordOf(1, 1)))).kind, "taken");
    assert.equal(await under.store.replace({ ...before, version: 7 }, withEvent(recordOf(1, 1))), "changed");
    assert.equal(await under.answers.findRecord(new Uint8Array(32).fill(1)), undefined);
    assert.equal(await under.store.replace(next(before, {}), withEvent(recordOf(2, 1))), "replaced");
    assert.deepEqual(plain(await under.answers.findRecord(new Uint8Array(32).fill(1))), plain(recordOf(2, 1)));
  });

  test("keeps a record for ten minutes; then its key is free, whether or not the record was deleted", async () => {
    await using under = await open();
    const key = new Uint8Array(32).fill(1);
    await under.store.insert([plainClient("app")], withEvent(recordOf(1, 1)));
    under.clock.advance(600_000 - 1);
    assert.deepEqual(plain(await under.answers.findRecord(key)), plain(recordOf(1, 1)));
    assert.equal((await under.store.insert([plainClient("second")], withEvent(recordOf(2, 1)))).kind, "repeated");
    under.clock.advance(1);
    assert.equal(await under.answers.findRecord(key), undefined);
    assert.equal((await under.store.insert([plainClient("second")], withEvent(recordOf(2, 1)))).kind, "inserted");
    assert.deepEqual(plain(await under.answers.findRecord(key)), plain(recordOf(2, 1)));
  });

  test("carries out one of many concurrent requests with the same key", async () => {
    await using under = await open();
    const { contenders } = under;
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        contenders[number % contenders.length]?.insert([plainClient(`app-${number}`)], withEvent(recordOf(number, 1))),
      ),
    );
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "inserted").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "repeated").length, 7);
    assert.deepEqual(await idsOf(under.other), [
      `app-${outcomes.findIndex((outcome) => outcome?.kind === "inserted")}`,
    ]);
  });
}

const plain = (record: IdempotencyRecord | undefined) =>
  record && [record.keyDigest, record.requestDigest, record.sealed].map((bytes) => [...bytes]);

function testUses(open: () => Promise<StoreUnderTest>): void {
  test("records the latest use of each secret, never an earlier one, and keeps the version", async () => {
    await using under = await open();
    const [one, two] = [secretOf("one"), secretOf("two")];
    const client = { ...plainClient("app"), secrets: [one, two] };
    await under.store.insert([client], withEvent());
    const lastUses = async () => {
      const { secrets, version } = await read(under.other, client);
      assert.equal(version, client.version);
      return [one, two].map((sought) => secrets.find(({ secretId }) => secretId === sought.secretId)?.lastUse);
    };
    const at = (instant: number): SecretUse => ({ at: instant, from: `192.0.2.${instant}` });
    const gone = secretOf("gone").secretId;
    for (const [uses, expected] of [
      [[[one.secretId, at(5)]], [at(5), null]],
      [
        [
          [one.secretId, at(4)],
          [two.secretId, at(0)],
        ],
        [at(5), at(0)],
      ],
      [[[one.secretId, { at: 5, from: "198.51.100.1" }]], [at(5), at(0)]],
      [
        [
          [gone, at(9)],
          [one.secretId, at(6)],
        ],
        [at(6), at(0)],
      ],
      [[], [at(6), at(0)]],
    ] as const) {
      await under.store.recordUses(new Map<SecretId, SecretUse>(uses));
      assert.deepEqual(await lastUses(), expected);
    }
    assert.equal(await under.other.find(clientIdOf("nobody")), undefined);
  });
}
