import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { connectPostgres } from "@carnet/server/store/postgres/open-postgres";
import { postgresDialect } from "@carnet/server/store/postgres/postgres-dialect";
import { inTurn } from "@carnet/server/store/sql/in-turn";
import type { Tables } from "@carnet/server/store/sql/schema";
import type { ChangeFeed } from "@carnet/server/store/sql/sql-dialect";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";
import { startChaosProxy } from "@carnet/testkit/chaos-proxy";
import { type PostgresServer, startPostgres } from "@carnet/testkit/postgres-server";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { addressOf, migratedDatabase } from "@carnet/testkit/test-database";
import type { Kysely, Transaction } from "kysely";
import { onceBack } from "./once-back.ts";

interface Watched extends AsyncDisposable {
  readonly db: Kysely<Tables>;
  readonly feed: ChangeFeed;
  /** What the feed has reported since the last call. */
  reported(): Promise<readonly string[]>;
}

/** A connection of its own to a database, with a feed. */
async function watch(url: string): Promise<Watched> {
  const db = connectPostgres(addressOf(url), { timeout: 5000, connections: 5, passwordFile: undefined });
  const seen: string[] = [];
  const feed = await postgresDialect.openChangeFeed(db, {
    changed: (clientId) => seen.push(clientId),
    missed: () => seen.push("everything"),
  });
  return {
    db,
    feed,
    async reported() {
      await feed.poll();
      return seen.splice(0);
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

const change = async (transaction: Transaction<Tables>, id: string): Promise<void> =>
  void (await transaction
    .insertInto("changes")
    .values({ client_id: clientIdOf(id) })
    .execute());

const write = (db: Kysely<Tables>, id: string): Promise<void> =>
  inTurn({ db, dialect: postgresDialect }, "changes", (transaction) => change(transaction, id));

/** Waits until a session waits for an advisory lock, or a promise settles. */
async function waitsForTurn(server: PostgresServer, unless: Promise<unknown>): Promise<void> {
  let isSettled = false;
  void unless.finally(() => (isSettled = true));
  for (;;) {
    const waiting = await server.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
    if (waiting.length > 0 || isSettled) return;
    await endOfTurn();
  }
}

test("two writers that would commit in the other order than they drew their numbers are both seen", async () => {
  await using server = await startPostgres();
  const url = await migratedDatabase(server);
  await using first = await watch(url);
  await using second = await watch(url); // another node: the writers of one wait for each other in memory
  const gate = Promise.withResolvers<void>();
  const drawn = Promise.withResolvers<void>();
  const slow = inTurn({ ...first, dialect: postgresDialect }, "changes", async (transaction) => {
    await change(transaction, "slow");
    drawn.resolve();
    await gate.promise;
  });
  await drawn.promise;
  const fast = write(second.db, "fast");
  await waitsForTurn(server, fast);
  const before = await first.reported();
  gate.resolve();
  await Promise.all([slow, fast]);
  assert.deepEqual([...before, ...(await first.reported())], ["slow", "fast"]);
});

test("changes are seen while an unrelated transaction stays open, and gaps after rollbacks do not empty the caches", async () => {
  await using server = await startPostgres();
  const url = await migratedDatabase(server);
  await using first = await watch(url);
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const unrelated = first.db.transaction().execute(async (transaction) => {
    await transaction.insertInto("scopes").values({ name: "unrelated", description: "" }).execute();
    begun.resolve();
    await gate.promise;
  });
  await begun.promise;
  const refused = inTurn({ ...first, dialect: postgresDialect }, "changes", async (transaction) => {
    await change(transaction, "rolled back");
    throw new Error("refused");
  });
  await assert.rejects(refused, /refused/);
  await write(first.db, "a");
  assert.deepEqual(await first.reported(), ["a"]);
  gate.resolve();
  await unrelated;
  assert.deepEqual(await first.reported(), []);
});

test("after a restart of the server, and after a read that failed, everything is read anew once", async () => {
  await using server = await startPostgres();
  await using first = await watch(await migratedDatabase(server));
  await write(first.db, "a");
  assert.deepEqual(await first.reported(), ["a"]);
  await server.stop();
  await assert.rejects(first.reported(), StoreUnavailable);
  await server.start();
  assert.deepEqual(await onceBack(() => first.reported()), ["everything"]);
  assert.deepEqual(await first.reported(), []);
  await write(first.db, "b");
  assert.deepEqual(await first.reported(), ["b"]);
});

test("a replica that was promoted gives lost numbers again, and no change is missed", async () => {
  await using server = await startPostgres();
  const url = await migratedDatabase(server);
  await using old = await watch(url);
  await write(old.db, "a");
  await using replica = await server.startReplica();
  await replica.stop(); // it lags from here on, so the changes below are lost
  for (const id of ["lost", "lost too"]) await write(old.db, id);

  await using proxy = await startChaosProxy(server.port);
  await using node = await watch(url.replace(`:${server.port}/`, `:${proxy.port}/`));
  assert.deepEqual(await node.reported(), []);
  await server.kill();
  await replica.start();
  await replica.promote();
  proxy.target = replica.port;
  const found = await onceBack(() => node.reported());
  assert.deepEqual(found, ["everything"]);
  await write(node.db, "new");
  assert.deepEqual(await node.reported(), ["new"]);
});
