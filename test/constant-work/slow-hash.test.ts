import assert from "node:assert/strict";
import { test } from "node:test";
import { answerTokenRequest } from "@carnet/core/token/token-endpoint";
import { Redacted } from "@carnet/protocol/redacted";
import { inTheBody } from "./cases.ts";
import { counted } from "./counted.ts";
import { newSecret, openWorld } from "./world.ts";

const limits = { concurrency: 1, queue: 2 };
const flood = 20;

test("answers 503 with Retry-After beyond the queue of slow checks, for known and unknown clients alike", async () => {
  await using world = await openWorld(limits);
  const human = await world.register({ secret: { value: new Redacted("hunter2") } });
  const known = await world.register({});
  const whom = { known: known.clientId, unknown: "nobody", slow: human.clientId };
  // None of the flood is over before all of it has come, so the queue is full for each kind after its first few
  const answers = await Promise.all(
    Array.from({ length: flood }, () =>
      Object.entries(whom).map(async ([who, clientId]) => {
        const answer = await answerTokenRequest(inTheBody({ clientId, secret: newSecret() }), world.ports);
        return { who, answer: JSON.stringify([answer.status, answer.headers, answer.body.reveal()]) };
      }),
    ).flat(),
  );
  const beyond = answers.filter(({ answer }) => answer.startsWith("[503"));
  assert.equal(answers.length - beyond.length, limits.concurrency + limits.queue);
  assert.deepEqual(new Set(beyond.map(({ who }) => who)), new Set(Object.keys(whom)));
  const [bytes = "", ...others] = new Set(beyond.map(({ answer }) => answer));
  assert.deepEqual(others, [], "the same bytes for all");
  assert.match(bytes, /"Retry-After":"1"/);
  assert.match(bytes, /temporarily_unavailable/);
});

test("keeps callers with generated secrets out of the queue while a flood of wrong secrets waits in it", async () => {
  await using world = await openWorld(limits);
  const human = await world.register({ secret: { value: new Redacted("hunter2") } });
  const honest = await world.populate("plain", 50);
  const floodPorts = counted(world.ports, world.store);
  let over = 0;
  const attempts = Array.from({ length: flood }, async () => {
    const answer = await answerTokenRequest(inTheBody({ ...human, secret: newSecret() }), floodPorts.ports);
    if (answer.status === 401) over++;
  });
  const { ports, calls } = counted(world.ports, world.store);
  const statuses: number[] = [];
  for (const memory of ["cold", "warm"]) {
    for (const client of honest) statuses.push((await answerTokenRequest(inTheBody(client), ports)).status);
    assert.equal(calls.reading, honest.length, `each is read once, the memory being ${memory}`);
  }
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(calls.slowHash, 0);
  assert.ok(over < limits.concurrency + limits.queue, "the flood still waits for its turns when all are answered");
  await Promise.all(attempts);
  assert.equal(floodPorts.calls.slowHash, flood);
});

test("takes no slow turn for a slow-hashed secret that was proven before", async () => {
  await using world = await openWorld();
  const human = await world.register({ secret: { value: new Redacted("hunter2") } });
  const { ports, calls } = counted(world.ports, world.store);
  for (const turns of [1, 1]) {
    assert.equal((await answerTokenRequest(inTheBody(human), ports)).status, 200);
    assert.equal(calls.slowHash, turns);
  }
});
