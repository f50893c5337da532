import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { openPostgres } from "@carnet/server/store/postgres/open-postgres";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { migrate, type SchemaTarget, schemaState } from "@carnet/server/store/sql/migrate";
import { type SchemaStep, schemaSteps } from "@carnet/server/store/sql/migrations";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { sharedPostgres } from "@carnet/testkit/postgres-server";
import { clientIdOf, plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { addressOf, databases, storePorts, type TestDatabase } from "@carnet/testkit/test-database";
import { sql } from "kysely";

const addTable = (name: string): SchemaStep => ({
  async up(db) {
    await sql`create table ${sql.table(name)} (n integer)`.execute(db);
  },
});

/** The steps of the releases after this one. */
const laterSteps = {
  "0900-next": addTable("next_release"),
  "0901-after": addTable("release_after"),
  "0902-lenient": { ...addTable("lenient_release"), worksWith: "0900-next" },
};

/** A release that has so many of the later steps. */
function release(opened: TestDatabase, later: number): SchemaTarget {
  const steps = {
    ...schemaSteps(opened.dialect.columns),
    ...Object.fromEntries(Object.entries(laterSteps).slice(0, later)),
  };
  return { ...opened, name: "the database", steps };
}

for (const { name, open } of databases)
  suite(`migrations of ${name}`, () => {
    test("a release works on the schema of the next one, and is refused on the one after that", async () => {
      await using opened = await open();
      const store = createSqlClientStore(
        opened.other,
        storePorts(opened.dialect, new FixedClock("2026-11-21T12:00:00Z")),
      );
      assert.deepEqual((await migrate(release(opened, 1))).pending, ["0900-next"]);
      const state = await migrate(release(opened, 0));
      assert.deepEqual(state.pending, [], "the older release has nothing to do");
      assert.equal(state.applied.at(-1), "0900-next");
      assert.equal((await store.insert([plainClient("app")], withEvent())).kind, "inserted");
      assert.equal((await store.find(clientIdOf("app")))?.clientId, "app");

      assert.deepEqual((await migrate(release(opened, 2))).pending, ["0901-after"]);
      await migrate(release(opened, 1));
      const refused = (error: unknown) =>
        error instanceof OperatorFault &&
        /made by a newer version of Carnet: start that version, .* 0901-after/.test(error.message);
      await assert.rejects(migrate(release(opened, 0)), refused);
      await assert.rejects(schemaState(release(opened, 0)), refused);
    });

    test("a step can name an older release that still works", async () => {
      await using opened = await open();
      await migrate(release(opened, 3));
      await migrate(release(opened, 1));
      await assert.rejects(migrate(release(opened, 0)), OperatorFault);
    });

    test("a step that fails leaves the schema as it was", async () => {
      await using opened = await open();
      const failing: SchemaStep = {
        async up(db) {
          await addTable("half_done").up(db);
          throw new Error("the step fails");
        },
      };
      const target = release(opened, 0);
      const steps = { ...target.steps, "0900-next": addTable("next_release"), "0901-failing": failing };
      await assert.rejects(migrate({ ...target, steps }), /the step fails/);
      const { pending } = await schemaState({ ...target, steps });
      assert.deepEqual(pending, ["0900-next", "0901-failing"]);
      assert.equal((await migrate(target)).pending.length, 0);
    });

    test("a look at the schema changes nothing", async () => {
      await using opened = await open();
      assert.deepEqual((await schemaState(release(opened, 1))).pending, ["0900-next"]);
      assert.deepEqual((await schemaState(release(opened, 1))).pending, ["0900-next"]);
    });
  });

test("two processes that open an empty PostgreSQL database at once both find the schema complete", async () => {
  const url = await (await sharedPostgres()).createDatabase();
  const options = { timeout: 5000, connections: 2, passwordFile: undefined };
  const opened = await Promise.all([1, 2, 3].map(() => openPostgres(addressOf(url), options)));
  for (const db of opened) assert.deepEqual(await db.selectFrom("clients").selectAll().execute(), []);
  for (const db of opened) await db.destroy();
});

test("a database user without rights is told to run `carnet migrate` as another one, and then needs no more", async () => {
  const server = await sharedPostgres();
  const url = await server.createDatabase();
  await server.query("create role limited login password 'limited password'", url);
  const limited = addressOf(url.replace("postgres@", "limited:limited%20password@"));
  const options = { timeout: 5000, connections: 2, passwordFile: undefined };
  await assert.rejects(openPostgres(limited, options), (error) => {
    assert.ok(error instanceof OperatorFault);
    assert.match(error.message, /lacks a right: run `carnet migrate` as a user that may create tables/);
    assert.doesNotMatch(error.message, /limited password/);
    return true;
  });
  await (await openPostgres(addressOf(url), options)).destroy();
  await server.query(
    "grant select, insert, update, delete on all tables in schema public to limited; grant usage on all sequences in schema public to limited",
    url,
  );
  const db = await openPostgres(limited, options);
  assert.deepEqual(await db.selectFrom("clients").selectAll().execute(), []);
  await db.destroy();
});
