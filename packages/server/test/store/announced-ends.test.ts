import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { announceComingEnds, type ComingEndsPorts } from "@carnet/core/audit/coming-ends";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { Client } from "@carnet/core/client/client";
import { createSqlAnnouncedEnds } from "@carnet/server/store/sql/announced-ends";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { countingIds } from "@carnet/testkit/counting-ids";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { plainClient, secretOf } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { databases, openTwoSqlite, storePorts, type TestDatabase } from "@carnet/testkit/test-database";
import { CompiledQuery, SqliteQueryCompiler } from "kysely";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 26);

/** Two processes on one store. */
async function twoProcesses(open: () => Promise<TestDatabase> = openTwoSqlite) {
  const database = await open();
  const clock = new FixedClock(new Date(now).toISOString());
  const recorded: AuditEvent[] = [];
  const eventIds = countingIds();
  const processes = [];
  for (const [node, db] of [
    ["one", database.db],
    ["two", database.other],
  ] as const) {
    const sql = { ...storePorts(database.dialect, clock), node };
    const store = createSqlClientStore(db, sql);
    const recorder = { record: (event: AuditEvent) => void recorded.push(event) };
    const ports: ComingEndsPorts = {
      store,
      announcedEnds: createSqlAnnouncedEnds(db, sql),
      clock,
      eventIds,
      recorder,
    };
    processes.push({ db, store, ports });
  }
  const [one, two] = processes;
  assert.ok(one && two);
  return {
    ...{ one, two, clock, recorded },
    /** Lets both processes look, and returns what was announced: the client, the secret, and the days. */
    async announce() {
      recorded.length = 0;
      await Promise.all([announceComingEnds(one.ports), announceComingEnds(two.ports)]);
      return recorded.map((event) =>
        event.event === "credential_expiring" ? [event.clientId, event.secretId, event.withinDays] : [],
      );
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

const ending = (clientId: string, expiresAt: number | null, more: Partial<Client> = {}): Client => ({
  ...plainClient(clientId),
  expiresAt,
  secrets: [],
  ...more,
});

for (const { name, open } of databases)
  suite(`A coming end on ${name}`, () => {
    test("is announced once for each warning time, by one of two processes", async () => {
      await using both = await twoProcesses(open);
      await both.one.store.insert([ending("app", now + 31 * day)], withEvent());
      const announced = [];
      for (let hour = 0; hour <= 31 * 24; hour += 6) {
        announced.push(...(await both.announce()).map(([, , days]) => [hour, days]));
        both.clock.advance(6 * 3_600_000);
      }
      const expected = [30, 14, 7, 1].map((days) => [(31 - days) * 24, days]);
      assert.deepEqual(announced, expected);
      assert.deepEqual(await both.one.db.selectFrom("announced_ends").selectAll().execute(), []);
    });

    test("is announced for each active client and live secret, even for hundreds", async () => {
      await using both = await twoProcesses(open);
      const secret = { ...secretOf("a"), expiresAt: now + 6 * day };
      const revoked = { ...secretOf("b"), expiresAt: now + day, revokedAt: now - 1 };
      await both.one.store.insert(
        [
          ending("both", now + 20 * day, { secrets: [secret, revoked] }),
          ending("disabled", now + day, { status: "disabled" }),
          ending("ended", now - day),
          ending("later", now + 40 * day),
          ...Array.from({ length: 300 }, (_, n) => ending(`z${n}`, now + 1)),
        ],
        withEvent(),
      );
      const announced = await both.announce();
      assert.deepEqual(announced.slice(0, 2), [
        ["both", null, 30],
        ["both", secret.secretId, 7],
      ]);
      assert.equal(announced.length, 302);
      assert.equal(new Set(announced.map(String)).size, 302);
      assert.deepEqual(await both.announce(), []);
    });

    test("is announced again after it was moved, and for a client that was registered again", async () => {
      await using both = await twoProcesses(open);
      const client = ending("app", now + day);
      await both.one.store.insert([client], withEvent());
      assert.deepEqual(await both.announce(), [["app", null, 1]]);
      const moved = { ...client, expiresAt: now + 5 * day, version: 2 };
      assert.equal(await both.one.store.replace(moved, withEvent()), "replaced");
      assert.deepEqual(await both.announce(), [["app", null, 7]]);
      await both.one.store.delete(moved, withEvent());
      await both.one.store.insert([ending("app", now + 5 * day, { createdAt: now })], withEvent());
      assert.deepEqual(await both.announce(), [["app", null, 7]]);
    });

    test("is in the store as it was recorded, and found by its client", async () => {
      await using both = await twoProcesses(open);
      await both.one.store.insert([ending("app", now + day)], withEvent());
      await announceComingEnds(both.two.ports);
      const rows = await both.one.db
        .selectFrom("audit_events as event")
        .innerJoin("audit_event_clients as named", "named.number", "event.number")
        .selectAll()
        .where("event", "=", "credential_expiring")
        .execute();
      assert.deepEqual(
        rows.map(({ id, at, event, client_id }) => ({ id, at, event, client_id })),
        both.recorded.map(({ id, at, event }) => ({ id, at, event, client_id: "app" })),
      );
      const { node, ends_at, within_days, secret_id } = JSON.parse(rows[0]?.json ?? "");
      assert.deepEqual([node, ends_at, within_days, secret_id], ["two", "2026-11-27T00:00:00.000Z", 1, null]);
    });
  });

test("a coming end is found by an index, because the search must not read a million clients", async () => {
  await using both = await twoProcesses();
  const queries: CompiledQuery[] = [];
  const watched = both.one.db.withPlugin({
    transformQuery({ node, queryId }) {
      queries.push(new SqliteQueryCompiler().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const store = createSqlClientStore(watched, storePorts(sqliteDialect, both.clock));
  await announceComingEnds({ ...both.one.ports, store });
  const search = queries.find(({ sql }) => sql.includes("sort_value"));
  assert.ok(search);
  const plan = CompiledQuery.raw(`explain query plan ${search.sql}`, [...search.parameters]);
  const { rows } = await both.one.db.executeQuery<{ detail: string }>(plan);
  const details = rows.map(({ detail }) => detail).join("\n");
  assert.match(details, /SEARCH clients USING INDEX clients_expires_at/);
  assert.match(details, /SEARCH client_secrets USING INDEX client_secrets_expires_at/);
  assert.doesNotMatch(details, /SCAN/);
});
