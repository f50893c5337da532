// A client that is disabled on one node gets no more tokens from the others within a second, also while an unrelated
// transaction stays open. NODE_TRIALS makes it more (`npm run soak`).
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { changeSettings } from "@carnet/core/admin/change-client";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { startPostgres } from "@carnet/testkit/postgres-server";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { callersOf, newMasterKey, register, startNode } from "./support/nodes.ts";

const soak = process.env["NODE_TRIALS"];
const trials = Number(soak ?? 30);
const bound = 1000;

/** `npm test` runs other tests at the same time, which take the processors from these processes. */
const slack = soak === undefined ? 2 : 1;

test(`a client that is disabled in ${trials} trials gets its last token elsewhere within a second`, async (t) => {
  await using postgres = await startPostgres();
  const options = { store: await postgres.createDatabase(), masterKey: newMasterKey() };
  await using first = await startNode(options);
  await using second = await startNode(options);
  await using third = await startNode(options);
  const registry = await openTestRegistry(options.store, { now: () => Date.now() }, options.masterKey);
  await using _closing = { [Symbol.asyncDispose]: () => registry.close() };
  await using bystander = await postgres.openSession(options.store);
  await bystander.query("begin; create table unrelated (number bigint)"); // open until the end, with a transaction id
  await using load = callersOf(() => [first, second, third], [await register(registry)], { callers: 4 });

  const took: number[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const { clientId, clientSecret } = await register(registry);
    const others = [second, third];
    for (const { url } of [first, ...others])
      assert.equal((await requestToken(url, clientId, clientSecret)).status, 200);
    assert.ok((await changeSettings({ clientId, ifMatch: undefined }, { status: "disabled" }, registry)).ok);
    const start = performance.now();
    for (const last of await Promise.all(
      others.map(async ({ url }) => {
        for (let lastToken = 0; ; await pause(5)) {
          const asked = performance.now() - start;
          const answer = await requestToken(url, clientId, clientSecret);
          if (answer.status === 401) return lastToken;
          assert.equal(answer.status, 200);
          assert.ok(asked < 10 * bound, "it still gets tokens");
          lastToken = asked;
        }
      }),
    ))
      took.push(last);
  }
  const sorted = took.toSorted((left, right) => left - right);
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  t.diagnostic(`${load.seen.issued} tokens were issued meanwhile`);
  t.diagnostic(`last token after: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms, bound ${bound} ms`);
  assert.ok(at(0.95) <= bound && at(1) <= slack * bound, "it got tokens for too long");
  assert.deepEqual(load.seen.failed, {});
});
