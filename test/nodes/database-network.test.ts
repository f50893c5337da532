// The network to the database drops, delays, halves and resets connections under load. CHAOS_SECONDS makes it longer
// (`npm run soak`).
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startChaosProxy } from "@carnet/testkit/chaos-proxy";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { startPostgres } from "@carnet/testkit/postgres-server";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { callersOf, newMasterKey, register, startNode } from "./support/nodes.ts";

const seconds = Number(process.env["CHAOS_SECONDS"] ?? 20);

/** How long the service may take to refuse what it cannot answer: the store's timeout, and room for a busy machine. */
const longestAnswer = 10_000;

test(`${seconds} seconds of a bad network to the database: no crash, no stuck request, no leak, never 401`, async (t) => {
  await using postgres = await startPostgres();
  const masterKey = newMasterKey();
  const direct = await postgres.createDatabase();
  await using proxy = await startChaosProxy(postgres.port);
  const store = direct.replace(`:${postgres.port}`, `:${proxy.port}`);
  await using node = await startNode({ store, masterKey, env: { CARNET_STORE_TIMEOUT: "2s" } });
  const registry = await openTestRegistry(direct, { now: () => Date.now() }, masterKey);
  await using _closing = { [Symbol.asyncDispose]: () => registry.close() };
  const known = await register(registry);
  await pause(1000); // the feed has told the node about it, so it will not be read again
  assert.equal((await requestToken(node.url, known.clientId, known.clientSecret)).status, 200);
  const random = new SeededRandom();
  const statuses = new Map<number, number>();
  let isStopped = false;
  let slowest = 0;

  /** Clients that no process has in memory yet: each of their requests reads the store. */
  const strangers = Array.from({ length: 4 }, async () => {
    while (!isStopped) {
      const { clientId, clientSecret } = await register(registry);
      const start = performance.now();
      const answer = await requestToken(node.url, clientId, clientSecret);
      await answer.arrayBuffer();
      slowest = Math.max(slowest, performance.now() - start);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 503) {
        assert.ok(answer.headers.get("retry-after"), "503 says when to try again");
        await pause(20);
      }
    }
  });
  await using load = callersOf(() => [node], [known], { callers: 4 });
  const memory: number[] = [];
  const modes = ["drop", "delay", "halve", "reject", "pass"] as const;
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const pick = random.below(modes.length + 1);
    proxy.mode = modes[pick] ?? "pass";
    if (pick === modes.length || proxy.mode === "reject") proxy.reset();
    await pause(200 + random.below(2000));
    assert.ok(proxy.open <= 30, `${proxy.open} connections are open`);
    memory.push(node.process.memory());
  }
  proxy.mode = "pass";
  for (const end = performance.now() + 15_000; (await fetch(`${node.url}/health/ready`)).status !== 200; ) {
    assert.ok(performance.now() < end, "it is not ready again");
    await pause(50);
  }
  const { clientId, clientSecret } = await register(registry);
  while ((await requestToken(node.url, clientId, clientSecret)).status === 503) await pause(50);
  assert.equal((await requestToken(node.url, clientId, clientSecret)).status, 200);
  isStopped = true;
  await Promise.all(strangers);
  t.diagnostic(`known clients: ${load.seen.issued} tokens; others: ${JSON.stringify(Object.fromEntries(statuses))}`);
  t.diagnostic(`slowest answer ${Math.round(slowest)} ms; memory ${memory.map((bytes) => bytes >> 20).join(" ")} MiB`);
  assert.deepEqual(
    [...statuses.keys()].filter((status) => status !== 200 && status !== 503),
    [],
  );
  assert.ok((statuses.get(200) ?? 0) > 0 && (statuses.get(503) ?? 0) > 0, "both were seen");
  assert.deepEqual([load.seen.failed, load.seen.reconnects], [{}, 0]);
  assert.ok(Math.max(slowest, load.seen.longest) < longestAnswer, "no request was stuck");
  const later = memory.slice(Math.floor(memory.length / 2));
  const earlier = memory.slice(0, Math.ceil(memory.length / 2));
  assert.ok(Math.max(...later) < Math.max(...earlier) + 64 * 1024 * 1024, "the memory is flat");
});
