import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { EventQuery } from "@carnet/core/audit/event-store";
import { EventVisibility } from "@carnet/core/audit/event-visibility";
import { defaultPolicy } from "@carnet/core/owner/owner";
import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import { searchEvents } from "@carnet/server/audit/audit-reader";
import { createSqlClientStandings } from "@carnet/server/store/sql/client-standings";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { eventQuery, eventWith, withEvent } from "@carnet/testkit/sample-events";
import { CompiledQuery, SqliteQueryCompiler, sql } from "kysely";
import { issued, JournalUnderTest } from "../journal/support/journal-under-test.ts";
import { databases, type Open, openDatabase, type TestDatabase } from "./open-database.ts";

const self = parseClientId("pay-auditor");
assert.ok(self.ok);
const caller = { clientId: self.value, owners: ["payments"] };

/** A store with a client of each of two teams. */
async function openTeams(open?: Open): Promise<TestDatabase> {
  const opened = await openDatabase(open);
  const owners = createSqlOwnerStore(opened.db, { ...opened, node: "node-1" });
  const of = { description: null, contact: null, policy: defaultPolicy, createdAt: 0, updatedAt: 0, version: 1 };
  for (const name of ["payments", "search"]) await owners.insert({ ...of, name }, withEvent());
  await opened.register("pay-api", { owner: "payments", createdAt: 0 });
  await opened.register("search-api", { owner: "search", createdAt: 0 });
  await sql`delete from audit_events`.execute(opened.db);
  await sql`delete from audit_event_clients`.execute(opened.db);
  return opened;
}

const by = (id: string) => ({ type: "client", clientId: id as ClientId, secretId: null, jti: null }) as const;

/** Stores an event for each number. One in a thousand is of `pay-api`. */
async function fill({ db }: TestDatabase, count: number): Promise<void> {
  const insert = async (from: number, to: number): Promise<void> => {
    const numbers = Array.from({ length: to - from }, (_, place) => from + place);
    const clients = numbers.map((n) => (n % 1000 === 1 ? "pay-api" : "search-api"));
    const events = numbers.map((n, place) => eventOf(`e${String(n).padStart(6, "0")}`, n, clients[place] ?? ""));
    const stored = await db.insertInto("audit_events").values(events).returning("number").execute();
    const named = stored.map(({ number }, place) => ({ client_id: clients[place] ?? "", at: from + place, number }));
    await db.insertInto("audit_event_clients").values(named).execute();
  };
  for (let from = 1; from <= count; from += 1000) await insert(from, Math.min(from + 1000, count + 1));
}

const eventOf = (id: string, at: number, client: string) => ({
  ...{ id, at, event: "client_changed", request_id: null, actor: "cli" },
  json: JSON.stringify({
    ...{ time: "2026-11-26T12:00:00.000Z", id, event: "client_changed", actor: { type: "cli" } },
    objects: [{ type: "client", client_id: client, action: "changed", changes: {} }],
  }),
});

for (const { name, open } of databases)
  suite(`what a team finds among the events of all teams on ${name}`, () => {
    test("full pages, the newest first, however few of the events are its own", async () => {
      await using opened = await openTeams(open);
      await fill(opened, 5000);
      const events = createSqlEventStore(opened.db, { ...opened, node: "node-1" });
      const ports = { events, journal: undefined };
      const visibility = () => new EventVisibility(caller, createSqlClientStandings(opened.db));
      const ids: string[] = [];
      const sizes: number[] = [];
      for (
        let before: Parameters<typeof searchEvents>[0]["before"] = null, isFirst = true;
        isFirst || before !== null;
      ) {
        isFirst = false;
        const page = await searchEvents(eventQuery({ limit: 2, before }), ports, visibility());
        sizes.push(page.events.length);
        ids.push(...page.events.map(({ id }) => id));
        before = page.next;
      }
      assert.deepEqual(ids, ["e004001", "e003001", "e002001", "e001001", "e000001"]);
      assert.deepEqual(sizes, [2, 2, 1]);
      const foreign = await searchEvents(eventQuery({ clientId: "search-api" }), ports, visibility());
      assert.deepEqual(foreign, { events: [], next: null, unread: [] });
    });

    test("the JSON of a foreign import is not read, and that of deleted clients of the team is", async () => {
      await using opened = await openTeams(open);
      await opened.register("platform", { role: "admin", createdAt: 0 });
      const objects = (ids: readonly string[], owner: string) =>
        ids.map((id) => ({ type: "client", id, clientId: null, owner, action: "created", changes: {} }) as const);
      const events = createSqlEventStore(opened.db, { ...opened, node: "node-1" });
      for (const [id, objectsOf] of [
        ["mixed", [...objects(["pay-api"], "payments"), ...objects(["search-api"], "search")]],
        ["foreign", objects(["search-api"], "search")],
        ["gone-foreign", objects(["gone-1", "gone-2"], "search")],
        ["gone", objects(["gone-3", "gone-4"], "payments")],
        ["own", objects(["pay-api"], "payments")],
      ] as const)
        await events.append(eventWith({ id, event: "clients_imported", actor: by("platform"), objects: objectsOf }));
      const found = await events.search(eventQuery({ visibleTo: caller }));
      assert.deepEqual(found.map(({ id }) => id).toSorted(), ["gone", "own"]);
      for (const asked of [{}, { clientId: "gone-3" }]) {
        const visibility = new EventVisibility(caller, createSqlClientStandings(opened.db));
        const page = await searchEvents(eventQuery(asked), { events, journal: undefined }, visibility);
        assert.ok(page.events.some(({ id }) => id === "gone"));
      }
    });
  });

suite("what a team finds among the events of all teams", () => {
  test("in the store: requests run while it is searched, and the JSON of foreign events is not read", async () => {
    await using opened = await openTeams();
    await fill(opened, 5000);
    const events = createSqlEventStore(opened.db, { node: "node-1", dialect: sqliteDialect });
    let read = 0;
    let turns = 0;
    const counted = {
      search: async (query: Parameters<typeof events.search>[0]) => {
        const found = await events.search(query);
        read += found.length;
        return found;
      },
    };
    let isDone = false;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    const visibility = new EventVisibility(caller, createSqlClientStandings(opened.db));
    await searchEvents(eventQuery(), { events: counted, journal: undefined }, visibility);
    isDone = true;
    assert.equal(read, 5);
    assert.ok(turns >= 5, `${turns} turns`);
  });

  test("in the store: the rows that are read do not tell whether another id has events", async () => {
    await using opened = await openTeams();
    await fill(opened, 3000);
    await opened.register("platform", { role: "admin", createdAt: 0 });
    await sql`update audit_events set actor = 'platform', json = json_replace(json, '$.actor',
      json_object('type', 'client', 'client_id', 'platform'))`.execute(opened.db);
    await sql`insert into audit_event_clients (client_id, at, number)
      select 'platform', at, number from audit_events`.execute(opened.db);
    await sql`insert into refusals (id, at, event, request_id, client_id, proven, actor, reason, json)
      select 'r' || id, at, 'admin_refused', null, 'platform', 1, 'platform', 'policy',
        json_replace(json, '$.event', 'admin_refused') from audit_events limit 900`.execute(opened.db);
    const read = async (asked: Partial<EventQuery>) => {
      const statements: string[] = [];
      const db = opened.db.withPlugin({
        transformQuery: ({ node }) => node,
        async transformResult({ result }) {
          statements.push(`${result.rows.length} rows`);
          return result;
        },
      });
      const events = createSqlEventStore(db, { node: "node-1", dialect: sqliteDialect });
      const visibility = new EventVisibility(caller, createSqlClientStandings(opened.db));
      const page = await searchEvents(eventQuery(asked), { events, journal: undefined }, visibility);
      return { statements, ids: page.events.map(({ id }) => id) };
    };
    const ofAdmin = await read({ actor: "platform" });
    assert.deepEqual(ofAdmin.ids, ["e002001", "e001001", "e000001"]);
    assert.deepEqual((await read({ actor: "nobody" })).statements, ofAdmin.statements);
    const ofForeign = await read({ clientId: "search-api" });
    assert.deepEqual([(await read({ clientId: "nobody" })).statements, ofForeign.ids], [ofForeign.statements, []]);
    assert.deepEqual((await read({ clientId: "pay-api" })).ids, ofAdmin.ids);
    assert.ok((await read({ clientId: "pay-api" })).statements.length < 4); // by the index
  });

  test("in the store: a search for several kinds sorts no more rows than one step has", async () => {
    await using opened = await openTeams();
    const queries: CompiledQuery[] = [];
    const db = opened.db.withPlugin({
      transformQuery({ node, queryId }) {
        queries.push(new SqliteQueryCompiler().compileQuery(node, queryId));
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const events = createSqlEventStore(db, { node: "node-1", dialect: sqliteDialect });
    await events.search(
      eventQuery({ visibleTo: caller, kinds: ["client_changed", "client_created", "admin_refused"] }),
    );
    for (const { sql: text, parameters } of queries) {
      const plan = CompiledQuery.raw(`explain query plan ${text}`, [...parameters]);
      const { rows } = await opened.db.executeQuery<{ detail: string }>(plan);
      assert.doesNotMatch(rows.map(({ detail }) => detail).join("\n"), /B-TREE FOR ORDER BY/, text);
    }
  });

  for (const form of ["plain", "compressed"]) {
    test(`in a ${form} file of the journal: the tokens of its clients`, async () => {
      await using opened = await openTeams();
      await using journal = await JournalUnderTest.open();
      const tokens = Array.from({ length: 2000 }, (_, n) =>
        issued(n, { clientId: n % 500 === 0 ? "pay-api" : "search-api" }),
      );
      await journal.write("20261126-aaaaaaaaaaaa-1", tokens);
      if (form === "compressed") await journal.keepHouse();
      const visibility = new EventVisibility(caller, createSqlClientStandings(opened.db));
      const query = eventQuery({ limit: 3, visibleTo: caller });
      const { events } = await journal.reader.search(query, visibility);
      assert.deepEqual(
        events.map(({ at }) => (at - issued(0).at) / 1000),
        [1500, 1000, 500],
      );
    });
  }

  test("in a compressed file of the journal: a change of its client that is gone", async () => {
    await using opened = await openTeams();
    await using journal = await JournalUnderTest.open();
    const object = {
      type: "client",
      id: "gone",
      clientId: null,
      owner: "payments",
      action: "deleted",
      changes: {},
    } as const;
    await journal.write("20261126-aaaaaaaaaaaa-1", [
      eventWith({ id: "gone", event: "client_deleted", objects: [object] }),
    ]);
    await journal.keepHouse();
    const visibility = new EventVisibility(caller, createSqlClientStandings(opened.db));
    const { events } = await journal.reader.search(eventQuery({ visibleTo: caller }), visibility);
    assert.deepEqual(
      events.map(({ id }) => id),
      ["gone"],
    );
  });

  test("in the journal: blocks that name none of its clients are not read", async () => {
    await using opened = await openTeams();
    await using journal = await JournalUnderTest.open();
    const name = "20261126-aaaaaaaaaaaa-1";
    await journal.write(
      name,
      Array.from({ length: 500 }, (_, n) => issued(n, { clientId: "search-api" })),
    );
    await journal.keepHouse();
    const standings = createSqlClientStandings(opened.db);
    const asked: string[] = [];
    const visibility = new EventVisibility(caller, {
      ...standings,
      find: (clientIds) => {
        asked.push(...clientIds);
        return standings.find(clientIds);
      },
    });
    const { events } = await journal.reader.search(eventQuery({ visibleTo: caller }), visibility);
    assert.deepEqual([events, asked], [[], []]);
  });
});
