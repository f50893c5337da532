import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { EventVisibility } from "@carnet/core/audit/event-visibility";
import { defaultPolicy } from "@carnet/core/owner/owner";
import { parseClientId } from "@carnet/protocol/ids";
import { searchEvents } from "@carnet/server/audit/audit-reader";
import { createSqlClientStandings } from "@carnet/server/store/sql/client-standings";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { eventQuery, withEvent } from "@carnet/testkit/sample-events";
import { sql } from "kysely";
import { issued, JournalUnderTest } from "../journal/support/journal-under-test.ts";
import { openDatabase, type TestDatabase } from "./open-database.ts";

const self = parseClientId("pay-auditor");
assert.ok(self.ok);
const caller = { clientId: self.value, owners: ["payments"] };

/** A store with a client of each of two teams. */
async function openTeams(): Promise<TestDatabase> {
  const opened = await openDatabase();
  const owners = createSqlOwnerStore(opened.db, { node: "node-1", dialect: sqliteDialect });
  const of = { description: null, contact: null, policy: defaultPolicy, createdAt: 0, updatedAt: 0, version: 1 };
  for (const name of ["payments", "search"]) await owners.insert({ ...of, name }, withEvent());
  await opened.register("pay-api", { owner: "payments", createdAt: 0 });
  await opened.register("search-api", { owner: "search", createdAt: 0 });
  await sql`delete from audit_events`.execute(opened.db);
  await sql`delete from audit_event_clients`.execute(opened.db);
  return opened;
}

/** Stores an event for each number. One in a thousand is of `pay-api`. */
async function fill({ db }: TestDatabase, count: number): Promise<void> {
  await sql`insert into audit_events (id, at, event, request_id, actor, json)
    with recursive made(n) as (select 1 union all select n + 1 from made where n < ${count})
    select printf('e%06d', n), n, 'client_changed', null, 'cli', json_object('time', '2026-11-26T12:00:00.000Z',
      'id', printf('e%06d', n), 'event', 'client_changed', 'actor', json_object('type', 'cli'), 'objects', json_array(
        json_object('type', 'client', 'client_id', case n % 1000 when 1 then 'pay-api' else 'search-api' end,
          'action', 'changed', 'changes', json_object()))) from made`.execute(db);
  await sql`insert into audit_event_clients (client_id, at, number)
    select json_extract(json, '$.objects[0].client_id'), at, number from audit_events`.execute(db);
}

suite("what a team finds among the events of all teams", () => {
  test("in the store: full pages, the newest first, however few of the events are its own", async () => {
    await using opened = await openTeams();
    await fill(opened, 5000);
    const events = createSqlEventStore(opened.db, { node: "node-1", dialect: sqliteDialect });
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
