import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "@carnet/core/client/client";
import { type ClientPlace, type ClientQuery, type ClientStore, clientSortKeys } from "@carnet/core/client/client-store";
import { allClients } from "@carnet/testkit/all-clients";
import { MemoryClientStore } from "@carnet/testkit/memory-client-store";
import { clientIdOf, comparable, plainClient, secretOf } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import type { StoreUnderTest } from "@carnet/testkit/store-under-test";
import { databases, openTestStore } from "@carnet/testkit/test-database";
import fc from "fast-check";

const now = Date.parse("2026-11-21T12:00:00Z");

/** Few values, so that they collide: with LIKE wildcards, capitals, and letters that only some databases fold. */
const word = fc.string({ unit: fc.constantFrom("a", "A", "%", "_", "\\", "é", "É", "🔑"), maxLength: 3 });
const name = fc.option(word.filter((text) => text !== ""));
const instant = fc.integer({ min: now - 3, max: now + 3 });
const scope = fc.constantFrom("a", "A", "a:b", "b");
const labels = fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("", "1", "%"), { maxKeys: 2 });

const settings = fc.record({
  owner: fc.constantFrom("default", "payments", "search"),
  role: fc.constantFrom(null, null, "auditor" as const),
  clientName: name,
  username: name,
  status: fc.constantFrom("active" as const, "disabled" as const),
  scopes: fc.uniqueArray(scope, { maxLength: 3 }),
  labels: labels.map((given) => ({ ...given })),
  expiresAt: fc.option(instant),
  createdAt: instant,
  updatedAt: instant,
  secrets: fc.array(
    fc
      .record({ expiresAt: fc.option(instant), revokedAt: fc.option(fc.constant(now)) })
      .map((terms) => ({ ...secretOf("any"), ...terms })),
    { maxLength: 2 },
  ),
});

const clients = fc
  .uniqueArray(fc.constantFrom("a", "A", "b", "a%", "a_", "a\\", "Ab", "c"), { minLength: 1 })
  .chain((ids) => fc.tuple(...ids.map((id) => settings.map((given): Client => ({ ...plainClient(id), ...given })))));

const query = fc.record({
  owner: fc.option(fc.constantFrom("default", "payments"), { freq: 2 }),
  visible: fc.option(
    fc.record({
      owners: fc.subarray(["default", "payments"]),
      clientId: fc.constantFrom(null, clientIdOf("a"), clientIdOf("b")),
    }),
    { freq: 2 },
  ),
  role: fc.option(fc.constantFrom("any" as const, "auditor" as const, "operator" as const), { freq: 1 }),
  status: fc.option(fc.constantFrom("active" as const, "disabled" as const), { freq: 2 }),
  scope: fc.option(scope, { freq: 2 }),
  labels,
  text: fc.option(word, { freq: 2 }),
  endingBefore: fc.option(instant, { freq: 2 }),
  unusedSince: fc.option(instant, { freq: 2 }),
  sort: fc.record({ key: fc.constantFrom(...clientSortKeys), descending: fc.boolean() }),
  limit: fc.integer({ min: 1, max: 9 }),
});

type Change = { readonly of: number; readonly changes: Partial<Client> | "delete" };
const change: fc.Arbitrary<Change> = fc.record({
  of: fc.nat(7),
  changes: fc.oneof(
    settings.map(({ createdAt: _, ...rest }) => rest),
    fc.constant("delete" as const),
  ),
});

for (const { name: database, open } of databases)
  test(`${database} agrees with a map after any inserts, changes, deletions and searches`, async () => {
    await using under = await openTestStore(open);
    await fc.assert(
      fc.asyncProperty(
        clients,
        fc.array(change, { maxLength: 5 }),
        fc.array(query, { minLength: 1, maxLength: 5 }),
        (...world) => same(under, ...world),
      ),
      { numRuns: 150 },
    );
  });

async function same(
  under: StoreUnderTest,
  ...[some, changes, queries]: [readonly Client[], readonly Change[], readonly Omit<ClientQuery, "after">[]]
) {
  for (const left of await allClients(under.store)) await under.store.delete(left, withEvent());
  const memory = new MemoryClientStore(() => now);
  const stores = [memory, under.store] as const;
  for (const store of stores) assert.deepEqual(await store.insert(some, withEvent()), { kind: "inserted" });
  for (const { of, changes: wanted } of changes) {
    const outcomes = await Promise.all(stores.map((store) => apply(store, some[of % some.length], wanted)));
    assert.equal(outcomes[1], outcomes[0]);
  }
  for (const wanted of queries) {
    const [expected, found] = [await pagesOf(memory, wanted), await pagesOf(under.other, wanted)];
    assert.deepEqual(found, expected, JSON.stringify(wanted));
  }
}

async function apply(store: ClientStore, of: Client | undefined, wanted: Change["changes"]): Promise<string> {
  const client = await store.find(clientIdOf(of?.clientId ?? "nobody"));
  if (client === undefined) return "gone";
  if (wanted === "delete") return store.delete(client, withEvent());
  return store.replace({ ...client, ...wanted, version: client.version + 1 }, withEvent());
}

async function pagesOf(store: ClientStore, wanted: Omit<ClientQuery, "after">) {
  const pages: unknown[] = [];
  for (let after: ClientPlace | null = null; ; ) {
    const page = await store.search({ ...wanted, after });
    pages.push(page.clients.map(comparable));
    if (page.next === null) return pages;
    after = page.next;
  }
}
