import assert from "node:assert/strict";
import { test } from "node:test";
import { answerTokenRequest } from "@carnet/core/token/token-endpoint";
import { parseClientId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { createStandInDraw } from "@carnet/server/crypto/stand-in-draw";
import { inTheBody } from "./cases.ts";
import { openWorld, type World } from "./world.ts";

async function standInOf({ store }: World, text: string) {
  const clientId = parseClientId(text);
  if (!clientId.ok) throw new Error(clientId.error);
  return store.find(clientId.value);
}

const kinds = {
  "a generated secret": {},
  "an imported secret": { secret: { value: new Redacted("an imported secret of some length") } },
  "a slow-hashed secret": { secret: { value: new Redacted("hunter2") } },
};

for (const [kind, registration] of Object.entries(kinds)) {
  test(`lets nobody in who is not registered with ${kind} of whoever is read in its place`, async () => {
    await using world = await openWorld();
    const only = await world.register(registration);
    let unknown = "unknown-0";
    // Its secret's id may happen to be so low that few ids are drawn before it
    for (let at = 1; at < 100_000 && (await standInOf(world, unknown)).client.clientId !== only.clientId; at++)
      unknown = `unknown-${at}`;
    assert.equal((await standInOf(world, unknown)).client.clientId, only.clientId);
    assert.equal((await standInOf(world, unknown)).known, false);
    for (const memory of ["cold", "warm"]) {
      const answer = await answerTokenRequest(inTheBody({ ...only, clientId: unknown }), world.ports);
      assert.equal(answer.status, 401, memory);
    }
    assert.equal((await answerTokenRequest(inTheBody(only), world.ports)).status, 200, "and leaves its owner alone");
  });
}

test("reads the same client in place of an unknown one each time, and different ones for different ids", async () => {
  await using world = await openWorld();
  await world.populate("plain", 30);
  const read = async (id: string) => (await standInOf(world, id)).client.clientId;
  const once = await Promise.all(Array.from({ length: 30 }, (_, at) => read(`unknown-${at}`)));
  const again = await Promise.all(Array.from({ length: 30 }, (_, at) => read(`unknown-${at}`)));
  assert.deepEqual(again, once);
  assert.ok(new Set(once).size > 5);
});

test("draws stand-ins that nobody can foresee who lacks the pepper", () => {
  const ids = Array.from({ length: 20 }, (_, at) => `unknown-${at}`);
  const points = (pepper: Uint8Array) => ids.map(createStandInDraw(pepper));
  const own = points(Buffer.alloc(32, 1));
  assert.deepEqual(points(Buffer.alloc(32, 1)), own);
  assert.equal(new Set(own).size, ids.length);
  const others = points(Buffer.alloc(32, 2));
  assert.ok(others.every((point) => !own.includes(point)));
});

test("answers for an unknown client where nobody is registered at all", async () => {
  await using world = await openWorld();
  const answer = await answerTokenRequest(inTheBody({ clientId: "nobody", secret: "nothing" }), world.ports);
  assert.equal(answer.status, 401);
});
