import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientQuery, clientSortKeys } from "@carnet/core/client/client-store";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { openPlannedSearch } from "./planned-search.ts";

const clientId = clientIdOf("payments-admin");

const searches: readonly Partial<ClientQuery>[] = [
  ...clientSortKeys.flatMap((key) => [{ sort: { key, descending: false } }, { sort: { key, descending: true } }]),
  { after: { value: "app", clientId: clientIdOf("app") } },
  { sort: { key: "client_name", descending: false }, after: { value: "App", clientId: clientIdOf("app") } },
  { visible: { owners: ["payments", "search"], clientId } },
  { visible: { owners: [], clientId } },
  { visible: { owners: ["payments"], clientId: null } },
  { owner: "payments" },
  { role: "any" },
  { status: "active" },
  { scope: "file:read" },
  { labels: { team: "t7", stage: "test" } },
  { text: "app" },
  { endingBefore: Date.UTC(2027, 0) },
  { unusedSince: Date.UTC(2026, 0) },
  { owner: "payments", scope: "file:read", labels: { team: "t7" }, endingBefore: Date.UTC(2027, 0) },
];

/** A step that reads the rows of some owners, of one client or of one secret. */
const bounded = /^SEARCH \w+ USING (?:COVERING )?(?:INDEX \w+|PRIMARY KEY) \(.*\b(?:owner|client_id|secret_id)=\?/;

test("a search by a team reads its clients alone, with each sort order and filter", async () => {
  await using at = await openPlannedSearch();
  const unbounded: unknown[] = [];
  for (const search of searches) {
    const plan = await at.planOf({ visible: { owners: ["payments"], clientId }, ...search });
    const reads = plan.filter((step) => /^(?:SCAN|SEARCH)/.test(step));
    assert.notEqual(reads.length, 0);
    unbounded.push(...reads.filter((step) => !bounded.test(step)).map((read) => ({ search, read })));
  }
  assert.deepEqual(unbounded, []);
});

test("a search by a team for a foreign owner reads the caller alone, whatever that owner has", async () => {
  await using at = await openPlannedSearch();
  for (const sort of [
    { key: "client_id", descending: false } as const,
    { key: "created_at", descending: true } as const,
  ]) {
    const plan = await at.planOf({ visible: { owners: ["payments"], clientId }, owner: "search", sort });
    const reads = plan.filter((step) => /^(?:SCAN|SEARCH)/.test(step));
    assert.equal(reads.length, 1, reads.join());
    assert.match(reads[0] ?? "", /\bclient_id=\?/);
  }
});

test("a list of revocations for a team reads those of its clients alone", async () => {
  await using at = await openPlannedSearch();
  for (const query of [{}, { after: 5 }, { clientId: clientIdOf("app") }]) {
    const plan = await at.planOfRevocations({ owners: ["payments", "search"], ...query });
    const reads = plan.filter((step) => /^(?:SCAN|SEARCH) (?:clients|revocations)/.test(step));
    assert.equal(reads.length, 2);
    assert.deepEqual(
      reads.filter((step) => !bounded.test(step)),
      [],
    );
  }
});
