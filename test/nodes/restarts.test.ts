// Three nodes of two workers on one PostgreSQL under load: each is killed and started again, then the schema moves on,
// then the database is away. OUTAGE_SECONDS makes that longer (`npm run soak`: a minute).
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { startPostgres } from "@carnet/testkit/postgres-server";
import { callersOf, type Node, newMasterKey, register, startNode, warmUp } from "./support/nodes.ts";

const outage = Number(process.env["OUTAGE_SECONDS"] ?? 3);

test(`nodes that restart, a migration and a database away for ${outage} s fail no request of a known client`, async (t) => {
  await using postgres = await startPostgres();
  const options = { store: await postgres.createDatabase(), masterKey: newMasterKey(), workers: 2 };
  await using stack = new AsyncDisposableStack();
  const nodes: Node[] = [];
  for (let number = 0; number < 3; number++) nodes.push(stack.use(await startNode(options)));
  const registry = await openTestRegistry(options.store, { now: () => Date.now() }, options.masterKey);
  stack.defer(() => registry.close());
  const clients = await Promise.all([1, 2, 3].map(() => register(registry)));
  await using load = callersOf(() => nodes, clients);
  const settle = async (): Promise<void> => {
    const before = load.seen.issued;
    while (load.seen.issued < before + 500) await pause(20);
  };
  await settle();

  for (const [place, node] of [...nodes].entries()) {
    node.process.killAll();
    await node.process.exited();
    nodes[place] = stack.use(await startNode(options)); // its callers go on with the others meanwhile
    await settle();
  }
  t.diagnostic(`after the restarts: ${load.seen.issued} tokens, ${load.seen.reconnects} reconnects`);

  // What the migration of a later release does: it only adds
  await postgres.query("alter table clients add column later_column text default 'x'", options.store);
  await postgres.query("create table later_table (id bigint)", options.store);
  await settle();

  for (const node of nodes) assert.ok(await warmUp(node, clients));
  const before = load.seen.issued;
  await postgres.stop();
  await pause(outage * 1000);
  assert.ok(load.seen.issued > before, "tokens are issued while the database is away");
  await postgres.start();
  await settle();
  // A client that nobody knew yet, once each worker has connected again
  const added = await register(registry);
  const end = performance.now() + 15_000;
  for (const node of nodes)
    while (!(await warmUp(node, [added]))) assert.ok(performance.now() < end, "a worker does not connect again");
  t.diagnostic(`${load.seen.issued} tokens, longest answer ${Math.round(load.seen.longest)} ms`);
  assert.deepEqual(load.seen.failed, {});
});
