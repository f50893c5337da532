import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { day, hour, type UnsavedUsage } from "@carnet/core/audit/usage";
import { Redacted } from "@carnet/protocol/redacted";
import { createSqlUsageStore } from "@carnet/server/store/sql/usage-store";
import { queryOf } from "@carnet/testkit/all-clients";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { sql } from "kysely";
import { databases, openDatabase, type TestDatabase } from "./open-database.ts";

const noon = Date.UTC(2026, 10, 21, 12);

const usageOf = (id: string, changes: Partial<UnsavedUsage> = {}): UnsavedUsage => ({
  ...{
    clientId: clientIdOf(id),
    startsAt: noon,
    issued: 1,
    returned: 0,
    introspected: 0,
    revoked: 0,
    refused: new Map(),
  },
  ...{ asked: new Redacted(new Map()), withoutScope: 0, unknownScopes: 0, addresses: new Map(), lastIssuedAt: null },
  ...changes,
});

const rowsOf = ({ db }: TestDatabase) =>
  db.selectFrom("client_usage").selectAll().orderBy("client_id").orderBy("period").orderBy("starts_at").execute();

/** Without the clients themselves, which would take a minute. */
const addScopeOfManyClients = ({ db }: TestDatabase, database: string): Promise<void> =>
  db.connection().execute(async (connection) => {
    if (database === "SQLite") {
      await sql`pragma foreign_keys = off`.execute(connection);
      await sql`insert into client_scopes (name, client_id) with recursive numbers (number) as
        (select 1 union all select number + 1 from numbers where number < 300000)
        select 'file:read', 'client-' || number from numbers`.execute(connection);
    } else {
      await sql`set session_replication_role = replica`.execute(connection);
      await sql`insert into client_scopes (name, client_id)
        select 'file:read', 'client-' || number from generate_series(1, 300000) as number`.execute(connection);
      await sql`analyze client_scopes`.execute(connection);
    }
  });

/** The milliseconds of the fastest of ten runs, since noise only makes a run slower. */
async function fastest(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return Math.min(...times);
}

for (const { name, open } of databases)
  suite(`usage in the store on ${name}`, () => {
    test("two processes add to the same hour", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      const stores = [opened.db, opened.other].map((db) => createSqlUsageStore(db, { dialect }));
      const usage = usageOf("app", {
        ...{ returned: 2, introspected: 6, revoked: 7, withoutScope: 3, lastIssuedAt: noon + 5 },
        ...{ refused: new Map([["secret_revoked", 4]]), addresses: new Map([["192.0.2.1", 5]]) },
      });
      for (let round = 0; round < 10; round++) await Promise.all(stores.map((store) => store.add([usage])));
      const [period, ...rest] = (await stores[0]?.read("app", 0)) ?? [];
      assert.deepEqual(rest, []);
      assert.deepEqual(period, {
        ...{
          period: "hour",
          startsAt: noon,
          issued: 20,
          returned: 40,
          introspected: 120,
          revoked: 140,
          withoutScope: 60,
          unknownScopes: 0,
        },
        ...{ refused: new Map([["secret_revoked", 80]]), addresses: new Map([["192.0.2.1", 100]]) },
        ...{ scopes: new Map(), lastIssuedAt: noon + 5 },
      });
    });

    test("stores only scope names that the catalogue or a client has", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      await opened.register("another", { scopes: ["another:scope", "__proto__"] });
      const store = createSqlUsageStore(opened.db, { dialect });
      const asked = new Map([
        ["carnet:audit:read another:scope", 2],
        ["another:scope carnet_pasted_secret", 3],
        ['malformed"', 4],
        ["__proto__", 5],
      ]);
      await store.add([usageOf("app", { asked: new Redacted(asked) })]);
      const [period] = await store.read("app", 0);
      assert.deepEqual(
        period?.scopes,
        new Map([
          ["carnet:audit:read", 2],
          ["another:scope", 5],
          ["__proto__", 5],
        ]),
      );
      assert.equal(period?.unknownScopes, 7);
      assert.doesNotMatch(JSON.stringify(await rowsOf(opened)), /pasted|malformed/);
    });

    test("is written as quickly if hundreds of thousands of clients have the scope", async (t) => {
      await using opened = await openDatabase(open);
      const store = createSqlUsageStore(opened.db, { dialect: opened.dialect });
      const usage = [usageOf("app", { asked: new Redacted(new Map([["file:read", 1]])) })];
      const before = await fastest(() => store.add(usage));
      await addScopeOfManyClients(opened, name);
      const after = await fastest(() => store.add(usage));
      t.diagnostic(`${before.toFixed(1)} ms with one client, ${after.toFixed(1)} ms with 300,000`);
      assert.ok(after < 3 * before + 5, `${after} ms, before ${before} ms`);
    });

    test("an hour keeps twenty addresses and counts the others together, whoever writes them", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      const store = createSqlUsageStore(opened.db, { dialect });
      for (const net of ["192.0.2", "198.51.100"]) {
        const addresses = Array.from({ length: 15 }, (_, host) => [`${net}.${host}`, 1] as const);
        await store.add([usageOf("app", { addresses: new Map(addresses) })]);
      }
      const [period] = await store.read("app", 0);
      assert.equal(period?.addresses.size, 21);
      assert.equal(period?.addresses.get("other"), 10);
    });

    test("hours are folded into days after a week, and lose nothing", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      const store = createSqlUsageStore(opened.db, { dialect });
      const hours = Array.from({ length: 9 * 24 }, (_, at) => noon - at * hour);
      for (const id of ["app", "app-2"]) await store.add(hours.map((startsAt) => usageOf(id, { startsAt })));
      await store.fold(noon);
      await store.fold(noon);
      const rows = await rowsOf(opened);
      const weekAgo = Date.UTC(2026, 10, 14);
      for (const { period, starts_at } of rows) assert.equal(period === "day", starts_at < weekAgo);
      for (const id of ["app", "app-2"]) {
        const own = rows.filter(({ client_id }) => client_id === id);
        assert.deepEqual(
          own.filter(({ period }) => period === "day").map(({ issued }) => issued),
          [11, 24],
        );
        assert.equal(
          own.reduce((sum, { issued }) => sum + issued, 0),
          9 * 24,
        );
      }
      await store.add([usageOf("app", { startsAt: weekAgo - hour })]);
      await store.fold(noon);
      assert.equal(
        (await store.read("app", weekAgo - day)).find(({ startsAt }) => startsAt === weekAgo - day)?.issued,
        25,
      );
    });

    test("a client whose used secret was deleted counts as used", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      const createdAt = noon - 99 * day;
      for (const id of ["used", "refused", "unused"]) await opened.register(id, { createdAt, secrets: [] });
      const store = createSqlUsageStore(opened.db, { dialect });
      const startsAt = noon - 20 * day;
      await store.add([usageOf("used", { startsAt }), usageOf("refused", { startsAt, issued: 0 })]);
      await store.fold(noon);
      const unusedFor = async (days: number) =>
        (await opened.clients.search(queryOf({ unusedSince: noon - days * day }))).clients.map(
          (client) => client.clientId,
        );
      assert.deepEqual(await unusedFor(30), ["refused", "unused"]);
      assert.deepEqual(await unusedFor(19), ["refused", "unused", "used"]);
    });

    test("an hour counts as use until its end, and a day until its end", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      for (const id of ["hourly", "daily"]) await opened.register(id, { createdAt: noon - 99 * day, secrets: [] });
      const store = createSqlUsageStore(opened.db, { dialect });
      const used = { hourly: noon - 3 * day, daily: noon - 20 * day };
      for (const [id, startsAt] of Object.entries(used)) await store.add([usageOf(id, { startsAt })]);
      await store.fold(noon);
      const unusedSince = async (since: number) =>
        (await opened.clients.search(queryOf({ unusedSince: since }))).clients.map(({ clientId }) => clientId);
      assert.deepEqual(await unusedSince(used.hourly + hour - 1), ["daily"]);
      assert.deepEqual(await unusedSince(used.hourly + hour), ["daily", "hourly"]);
      assert.deepEqual(await unusedSince(used.daily + 12 * hour - 1), []);
      assert.deepEqual(await unusedSince(used.daily + 12 * hour), ["daily"]);
    });

    test("a client that is deleted and registered again starts anew", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      const store = createSqlUsageStore(opened.db, { dialect });
      for (const startsAt of [noon, noon - 20 * day]) await store.add([usageOf("app", { startsAt }), usageOf("other")]);
      await opened.register("app");
      assert.deepEqual(await store.read("app", 0), []);
      assert.equal((await store.read("other", 0)).length, 1);
    });

    test("days are deleted after 400 days", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      const store = createSqlUsageStore(opened.db, { dialect });
      await store.add([usageOf("app", { startsAt: noon - 399 * day }), usageOf("app", { startsAt: noon - 402 * day })]);
      await store.fold(noon);
      assert.deepEqual(
        (await rowsOf(opened)).map(({ period, starts_at }) => [period, starts_at]),
        [["day", noon - 399 * day - 12 * hour]],
      );
    });

    test("beyond the most rows, the oldest days are deleted first and the newest hours last", async () => {
      await using opened = await openDatabase(open);
      const { dialect } = opened;
      const store = createSqlUsageStore(opened.db, { dialect, maxRows: 300 });
      const starts = (first: number, step: number) => Array.from({ length: 250 }, (_, at) => first - at * step);
      for (const startsAt of starts(noon - 20 * day, day)) await store.add([usageOf("old", { startsAt })]);
      for (let client = 0; client < 250; client++) await store.add([usageOf(`app-${client}`)]);
      await store.fold(noon);
      const rows = await rowsOf(opened);
      assert.equal(rows.length, 300);
      const old = rows.filter(({ client_id }) => client_id === "old").map(({ starts_at }) => starts_at);
      assert.equal(old.length, 50);
      assert.equal(Math.min(...old), noon - 69 * day - 12 * hour);
    });
  });
