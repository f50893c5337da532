import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { inspect } from "node:util";
import { OperatorFault } from "@carnet/server/fault";
import { DamagedStore } from "@carnet/server/store/damaged-store";
import { connectPostgres, openPostgres } from "@carnet/server/store/postgres/open-postgres";
import { postgresDialect } from "@carnet/server/store/postgres/postgres-dialect";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { inTurn } from "@carnet/server/store/sql/in-turn";
import type { Tables } from "@carnet/server/store/sql/schema";
import { StoreBusy } from "@carnet/server/store/store-busy";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";
import { startChaosProxy } from "@carnet/testkit/chaos-proxy";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { sharedPostgres, startPostgres } from "@carnet/testkit/postgres-server";
import { clientIdOf, plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { addressOf, migratedDatabase, storePorts } from "@carnet/testkit/test-database";
import { type Kysely, sql } from "kysely";
import { onceBack } from "./once-back.ts";

const options = { timeout: 5000, connections: 4, passwordFile: undefined };

const storeOn = (db: Kysely<Tables>) =>
  createSqlClientStore(db, storePorts(postgresDialect, new FixedClock("2026-11-21T12:00:00Z")));

/** Repeats a call until new connections are refused, not only the old ones cut. Throws that refusal. */
async function onceRefused(call: () => Promise<unknown>): Promise<never> {
  for (;;)
    await call().catch((error: unknown) => {
      if (error instanceof Error && error.message.includes("refuses")) throw error;
    });
}

const killSessions = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

suite("a PostgreSQL database that fails", () => {
  test("a statement that an administrator cancels is busy, and the next one works", async () => {
    await using server = await startPostgres();
    const url = await migratedDatabase(server);
    const db = connectPostgres(addressOf(url), options);
    const slow = sql`select pg_sleep(60)`.execute(db);
    const cancelled = assert.rejects(slow, StoreBusy);
    for (let found: unknown; found !== true; await endOfTurn()) {
      const [row] = await server.query(
        "select bool_or(pg_cancel_backend(pid)) as found from pg_stat_activity where query like 'select pg_sleep%'",
        url,
      );
      found = row?.["found"];
    }
    await cancelled;
    await sql`select 1`.execute(db);
    await db.destroy();
  });

  test("a connection that is killed in the middle of a transaction leaves no half change, and the pool recovers", async () => {
    const server = await sharedPostgres();
    const url = await migratedDatabase(server);
    const db = connectPostgres(addressOf(url), options);
    const store = storeOn(db);
    await store.insert([plainClient("before")], withEvent());
    const cut = inTurn({ db, dialect: postgresDialect }, "changes", async (transaction) => {
      await transaction.deleteFrom("clients").execute();
      await server.query(killSessions, url);
      await transaction.deleteFrom("scopes").execute();
    });
    await assert.rejects(cut, StoreUnavailable);
    assert.ok(await store.find(clientIdOf("before")));
    assert.notEqual((await db.selectFrom("scopes").selectAll().execute()).length, 0);
    assert.equal((await store.insert([plainClient("after")], withEvent())).kind, "inserted");
    await db.destroy();
  });

  test("a transaction that is killed between two statements, while nothing is sent, does not end the process", async () => {
    const server = await sharedPostgres();
    const url = await migratedDatabase(server);
    const db = connectPostgres(addressOf(url), options);
    const cut = inTurn({ db, dialect: postgresDialect }, "changes", async () => {
      await server.query(killSessions, url);
      for (let sessions = 1; sessions > 0; await endOfTurn()) {
        const found = await server.query(
          "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
          url,
        );
        sessions = found.length;
      }
    });
    await assert.rejects(cut, StoreUnavailable);
    await db.destroy();
  });

  test("a node that freezes while it holds a lock loses it within seconds", async () => {
    const server = await sharedPostgres();
    const url = await migratedDatabase(server);
    const [frozen, other] = [
      connectPostgres(addressOf(url), options),
      connectPostgres(addressOf(url), { ...options, timeout: 20_000 }),
    ];
    const [held, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const lost = assert.rejects(
      inTurn({ db: frozen, dialect: postgresDialect }, "changes", async (transaction) => {
        await transaction.deleteFrom("scopes").execute();
        held.resolve();
        await gate.promise;
      }),
      OperatorFault,
    );
    await held.promise;
    const since = performance.now();
    assert.equal((await storeOn(other).insert([plainClient("app")], withEvent())).kind, "inserted");
    assert.ok(performance.now() - since < 15_000, "five seconds and what a busy machine adds");
    gate.resolve();
    await lost;
    assert.notEqual((await other.selectFrom("scopes").selectAll().execute()).length, 0, "its change is gone");
    for (const db of [frozen, other]) await db.destroy();
  });

  test("a server that stops is away, and is found again after it has started", async () => {
    await using server = await startPostgres();
    const db = connectPostgres(addressOf(await migratedDatabase(server)), options);
    const store = storeOn(db);
    await store.insert([plainClient("app")], withEvent());
    await server.kill();
    await assert.rejects(store.find(clientIdOf("app")), StoreUnavailable);
    await assert.rejects(store.insert([plainClient("b")], withEvent()), StoreUnavailable);
    await server.start();
    assert.ok(await onceBack(() => store.find(clientIdOf("app"))));
    assert.equal((await store.insert([plainClient("b")], withEvent())).kind, "inserted");
    await db.destroy();
  });

  test("a network that drops packets is noticed after the timeout, and later calls are refused at once", async () => {
    await using server = await startPostgres();
    const url = await migratedDatabase(server);
    await using proxy = await startChaosProxy(server.port);
    const through = `${url.replace(`:${server.port}/`, `:${proxy.port}/`)}?connect_timeout=1`;
    const db = connectPostgres(addressOf(through), { ...options, timeout: 100 });
    await Promise.all([1, 2, 3, 4].map(() => sql`select 1`.execute(db)));
    proxy.mode = "drop";
    const since = performance.now();
    await assert.rejects(sql`select 1`.execute(db), StoreUnavailable);
    await assert.rejects(sql`select 1`.execute(db), StoreUnavailable); // an attempt to connect
    const refused = performance.now();
    for (let n = 0; n < 20; n++) await assert.rejects(sql`select 1`.execute(db), StoreUnavailable);
    assert.ok(refused - since > 1000, "it was worth a try");
    proxy.mode = "pass";
    proxy.reset();
    await onceBack(() => sql`select 1`.execute(db));
    await db.destroy();
  });

  test("more callers than connections wait in a bounded queue, and those beyond it are refused at once", async () => {
    const db = connectPostgres(addressOf(await migratedDatabase(await sharedPostgres())), options);
    await sql`select 1`.execute(db);
    const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => sql`select pg_sleep(0.02)`.execute(db)));
    const refused = outcomes.filter(({ status }) => status === "rejected");
    assert.ok(refused.length > 0 && refused.length <= 20, `${refused.length} were refused`);
    for (const outcome of refused)
      assert.ok(
        outcome.status === "rejected" &&
          /All 4 connections .* are in use: raise CARNET_STORE_CONNECTIONS/.test(outcome.reason.message),
      );
    await sql`select 1`.execute(db);
    await db.destroy();
  });

  test("a server without free connections is away, and says what to raise", async () => {
    await using server = await startPostgres({
      settings: { max_connections: "6", superuser_reserved_connections: "1" },
    });
    const url = await migratedDatabase(server);
    await server.query("create role app login password 'p'; grant select on all tables in schema public to app", url);
    const db = connectPostgres(addressOf(url.replace("postgres@", "app:p@")), { ...options, connections: 8 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => sql`select pg_sleep(0.2)`.execute(db)));
    const messages = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.message] : []));
    assert.match(messages[0] ?? "", /no free connection: raise max_connections or lower CARNET_STORE_CONNECTIONS/);
    await sql`select 1`.execute(db); // the connections that it has are used
    await db.destroy();
  });

  test("a standby is not used", async () => {
    await using server = await startPostgres();
    const url = await migratedDatabase(server);
    await using replica = await server.startReplica();
    const db = connectPostgres(addressOf(url.replace(`:${server.port}/`, `:${replica.port}/`)), options);
    await assert.rejects(
      sql`select 1`.execute(db),
      (error) => error instanceof StoreUnavailable && /it is a standby/.test(error.message),
    );
    await replica.promote();
    await onceBack(() => sql`select 1`.execute(db));
    await db.destroy();
  });

  test("tables that are gone are damage, which no retry mends", async () => {
    const server = await sharedPostgres();
    const url = await migratedDatabase(server);
    const db = connectPostgres(addressOf(url), options);
    await server.query("alter table clients drop column handle", url);
    await assert.rejects(storeOn(db).insert([plainClient("app")], withEvent()), DamagedStore);
    await server.query("drop table client_secrets cascade", url);
    await assert.rejects(storeOn(db).findBySecret(new Uint8Array(32)), DamagedStore);
    await db.destroy();
  });

  test("a text that PostgreSQL cannot store matches nothing", async () => {
    const db = connectPostgres(addressOf(await migratedDatabase(await sharedPostgres())), options);
    assert.equal(await storeOn(db).find(clientIdOf("a").concat("\0") as never), undefined);
    await db.destroy();
  });

  for (const [title, change, sentence] of [
    [
      "a database that does not exist",
      (url: string) => `${url}x`,
      /There is no database .*: create it with `createdb`/,
    ],
    [
      "a login that is refused",
      (url: string) => url.replace("postgres@", "nobody:planted@"),
      /The server refuses the login of postgres:\/\/nobody@/,
    ],
  ] as const)
    test(`${title} stops the start with a sentence and without the password`, async () => {
      const url = change(await (await sharedPostgres()).createDatabase());
      await assert.rejects(openPostgres(addressOf(url), options), (error) => {
        assert.ok(error instanceof OperatorFault && !(error instanceof StoreUnavailable));
        assert.match(error.message, sentence);
        assert.doesNotMatch(error.message, /planted/);
        return true;
      });
    });

  test("a login that is refused later is an outage, which ends with it, and the password is in no inspection", async () => {
    const server = await sharedPostgres();
    const url = await migratedDatabase(server);
    await server.query("create role later login password 'planted'", url);
    const db = connectPostgres(addressOf(url.replace("postgres@", "later:planted@")), options);
    await sql`select 1`.execute(db);
    await server.query("alter role later password 'other'");
    await server.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'later'");
    await assert.rejects(
      () => onceRefused(() => sql`select 1`.execute(db)),
      (error) => {
        assert.ok(error instanceof StoreUnavailable);
        assert.match(error.message, /The server refuses the login of postgres:\/\/later@/);
        assert.doesNotMatch(inspect([error, db], { depth: Number.POSITIVE_INFINITY }), /planted/);
        return true;
      },
    );
    await server.query("alter role later password 'planted'");
    await onceBack(() => sql`select 1`.execute(db));
    await db.destroy();
  });

  test("a database with another encoding is refused, because it could not store every name", async () => {
    const server = await sharedPostgres();
    const url = await server.createDatabase("template0 encoding 'SQL_ASCII' locale_provider libc locale 'C'");
    await assert.rejects(openPostgres(addressOf(url), options), /has the encoding SQL_ASCII.*createdb --encoding=UTF8/);
  });
});
