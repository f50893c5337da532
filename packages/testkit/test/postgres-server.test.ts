import assert from "node:assert/strict";
import { test } from "node:test";
import { startPostgres } from "@carnet/testkit/postgres-server";

test("a PostgreSQL server starts, keeps its data over a restart, and streams it to a replica", async () => {
  await using server = await startPostgres();
  const url = await server.createDatabase();
  await server.query("create table t (n int); insert into t values (1)", url);
  await server.stop();
  await assert.rejects(server.query("select 1"), /ECONNREFUSED/);
  await server.start();
  assert.deepEqual(await server.query("select n from t", url), [{ n: 1 }]);

  await using replica = await server.startReplica();
  const copied = url.replace(`:${server.port}/`, `:${replica.port}/`);
  assert.deepEqual(await replica.query("select n from t", copied), [{ n: 1 }]);
  await assert.rejects(replica.query("insert into t values (2)", copied), /read-only/);
  await server.kill();
  await replica.promote();
  await replica.query("insert into t values (2)", copied);
  assert.deepEqual(await replica.query("select n from t order by n", copied), [{ n: 1 }, { n: 2 }]);
});
