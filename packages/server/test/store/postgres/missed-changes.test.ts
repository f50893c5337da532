// When the feed has to say that changes were missed. Each condition alone, with answers that no real server gives so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openChangeFeed } from "@carnet/server/store/postgres/change-feed";
import type { Tables } from "@carnet/server/store/sql/schema";
import { type DatabaseConnection, DummyDriver, Kysely, PostgresDialect, type QueryResult } from "kysely";

interface Answer {
  readonly server?: string;
  readonly newest: number;
  /** The changes after the last number that was seen. */
  readonly changes?: readonly number[];
}

/** What a feed reports at its first poll, after it was opened with one answer and polled with others. */
async function reported(opening: Answer, ...polls: readonly (Answer | Error)[]): Promise<readonly string[]> {
  const answers = [opening, ...polls];
  class AnsweringDriver extends DummyDriver {
    override async acquireConnection(): Promise<DatabaseConnection> {
      const executeQuery = async <Row>(): Promise<QueryResult<Row>> => {
        const answer = answers.shift() ?? assert.fail("it reads too often");
        if (answer instanceof Error) throw answer;
        return { rows: rowsOf(answer) as Row[] };
      };
      return Object.assign(await super.acquireConnection(), { executeQuery });
    }
  }
  const dialect = new PostgresDialect({ pool: async () => assert.fail("there is no pool") });
  const db = new Kysely<Tables>({ dialect: Object.assign(dialect, { createDriver: () => new AnsweringDriver() }) });
  const seen: string[] = [];
  const feed = await openChangeFeed(db, {
    changed: (clientId) => seen.push(clientId),
    missed: () => seen.push("missed"),
  });
  for (const _ of polls) await feed.poll().catch(() => seen.push("failed"));
  return seen;
}

const rowsOf = ({ server = "one", newest, changes = [] }: Answer) => {
  const state = { server, newest };
  if (changes.length === 0) return [{ ...state, number: null, client_id: null }];
  return changes.map((number) => ({ ...state, number, client_id: `client ${number}` }));
};

test("nothing is missed while numbers grow, with or without gaps", async () => {
  assert.deepEqual(await reported({ newest: 5 }, { newest: 6, changes: [6] }, { newest: 9, changes: [8, 9] }), [
    "client 6",
    "client 8",
    "client 9",
  ]);
});

test("another server may have lost changes, although every read succeeded and numbers grew", async () => {
  assert.deepEqual(await reported({ newest: 5 }, { server: "other", newest: 6, changes: [6] }), ["missed", "client 6"]);
});

test("after a read that failed, another server may have been there in between", async () => {
  const polls = [new Error("cut"), { newest: 6, changes: [6] }, { newest: 6 }];
  assert.deepEqual(await reported({ newest: 5 }, ...polls), ["failed", "missed", "client 6"]);
});

test("numbers that went back were lost, and what is given again is reported", async () => {
  const polls = [{ newest: 3 }, { newest: 4, changes: [4] }];
  assert.deepEqual(await reported({ newest: 5 }, ...polls), ["missed", "client 4"]);
});

test("changes that were trimmed before they were read are missed", async () => {
  const polls = [{ newest: 100_006, changes: [100_006] }];
  assert.deepEqual(await reported({ newest: 5 }, ...polls), ["missed", "client 100006"]);
  assert.deepEqual(await reported({ newest: 6 }, ...polls), ["client 100006"]);
});
