import assert from "node:assert/strict";
import { activate, addKey, type KeyChange, retireKey, revokeKey } from "@carnet/core/key/key-changes";
import { algorithmsInUse, ringAt } from "@carnet/core/key/key-ring";
import { longestTokenLifetime } from "@carnet/core/revocation/revocation";
import { ok } from "@carnet/protocol/result";
import { decodeProtectedHeader } from "jose";
import { activeKeys, algorithmsServed, checkSigned, checkWorld } from "./rules.ts";
import { audiences, clockError, longestLag, type Step, type Story } from "./steps.ts";
import type { SharedStore } from "./stores.ts";
import { type Node, World } from "./world.ts";

const day = 86_400_000;

/** Lets a story happen, and judges the world at each turn. Throws an AssertionError if a rule is broken. */
export async function play(story: Story, store: SharedStore): Promise<void> {
  const world = await World.open(store, story);
  await observe(world);
  for (const step of story.steps) {
    await take(step, world);
    await observe(world);
  }
  await settle(world);
}

/** Every node that callers reach issues a token of the longest lifetime for each audience, and gives out its JWKS. */
async function observe(world: World): Promise<void> {
  const { time } = world;
  for (const node of world.nodes.filter(world.serves)) {
    world.publish(node);
    const now = world.nowOf(node.facts);
    for (const audience of audiences) {
      const { token, keyId } = await node.ring.sign({ iat: Math.floor(now / 1000) }, "at+jwt", audience);
      assert.equal(decodeProtectedHeader(token).kid, keyId, "a token names another key");
      const until = now + longestTokenLifetime * 1000 + clockError; // the verifier's clock may be behind
      world.tokensUntil.set(keyId, Math.max(until, world.tokensUntil.get(keyId) ?? 0));
      checkSigned(world, node, { audience, keyId });
    }
  }
  world.snapshots = world.snapshots.filter(({ until }) => until > time - world.longestCache);
  for (const algorithm of algorithmsServed(world)) world.served.add(algorithm);
  await checkWorld(world);
}

async function take(step: Step, world: World): Promise<void> {
  if (step.kind === "advance") return advance(step, world);
  if (step.kind === "upkeep") return upkeep(step.nodes, world);
  if (step.kind === "configure") {
    for (const [place, { facts }] of world.nodes.entries())
      await restart(world, place, { ...facts, choice: step.choice });
    return;
  }
  if (step.kind === "restart") return restart(world, step.node, step);
  const node = world.nodes[step.node] ?? assert.fail("there is no such node");
  if (step.kind === "cut_off") node.cutOffAt ??= world.time;
  if (step.kind === "reconnect") await reconnect(world, node);
  if (node.cutOffAt === null) await operate(step, world, node);
}

async function advance(
  { times, unit, upkeep: hasUpkeep }: Step & { readonly kind: "advance" },
  world: World,
): Promise<void> {
  const length = { ms: 1, s: 1000, day, rotation: world.settings.keyRotation ?? day, ...world.times }[unit];
  await world.advance(Math.ceil(times * length), () => observe(world));
  if (hasUpkeep) await upkeep([0, 1, 2], world);
}

/** Nodes keep the keys at the same time. */
async function upkeep(places: readonly number[], world: World): Promise<void> {
  const nodes = places.flatMap((place) => world.nodes[place] ?? []).filter(({ cutOffAt }) => cutOffAt === null);
  await Promise.all(nodes.map((node) => world.keepKeys(node)));
}

async function restart(world: World, place: number, facts: Node["facts"]): Promise<void> {
  if (world.nodes[place]?.cutOffAt !== null) return; // it could not start
  // What was active may be upcoming again by a clock that is further behind
  if (world.nodes[place]?.facts.clockOffset !== facts.clockOffset) world.served.clear();
  await world.startNode(place, facts);
}

async function reconnect(world: World, node: Node): Promise<void> {
  if (node.cutOffAt === null) return;
  node.cutOffAt = null;
  await world.read(node);
}

async function operate(step: Step, world: World, node: Node): Promise<void> {
  switch (step.kind) {
    case "rotate":
      for (let count = 0; count < step.count; count++) {
        if (count > 0) await world.advance(1000, () => observe(world));
        await rotate(step, world, node);
      }
      return;
    case "import":
      return importKey(step, world, node);
    case "retire":
      return retire(step, world, node);
    case "revoke":
      return revoke(step, world, node);
  }
}

async function rotate(step: Step & { readonly kind: "rotate" }, world: World, node: Node): Promise<void> {
  const { algorithm, now: immediately } = step;
  if (activeKeys(node).size === 0) return; // the service has just started for the first time, and this clock is behind
  const pair = await world.maker.generate(algorithm);
  const change = await world.change(node, [pair], (keys, facts) => {
    const upcoming = ringAt(keys, facts.now, facts.times).find(
      ({ key, state }) => state === "upcoming" && key.algorithm === algorithm,
    );
    if (immediately && upcoming !== undefined) return ok(activate(upcoming.key, keys, facts.now));
    return addKey(keys, { fresh: pair, immediately }, facts);
  });
  if (change === undefined) return;
  if (immediately) await expectToSign(world, change);
}

async function importKey(step: Step & { readonly kind: "import" }, world: World, node: Node): Promise<void> {
  const known = step.again ? world.imported.at(-1) : undefined;
  const pair = known ?? (await world.maker.generate(step.algorithm));
  const isStored = (await world.store.list()).some(({ keyId }) => keyId === pair.keyId);
  const change = await world.change(node, [pair], (keys, facts) =>
    addKey(keys, { fresh: pair, immediately: false }, facts),
  );
  if (change === undefined) return;
  assert.ok(!isStored, "a key was imported twice");
  world.imported.push(pair);
}

async function retire(step: Step & { readonly kind: "retire" | "revoke" }, world: World, node: Node): Promise<void> {
  const key = await nthNewest(world, step.key);
  const change = await world.change(node, [], (keys, facts) =>
    retireKey(keys, { keyId: key.keyId, inUse: algorithmsInUse(node.choice) }, facts),
  );
  if (change === undefined) return;
  if (algorithmsInUse(node.choice).has(key.algorithm)) return;
  world.served.delete(key.algorithm);
  world.settlesAt = world.time + 2 * clockError + longestLag;
}

async function revoke(step: Step & { readonly kind: "retire" | "revoke" }, world: World, node: Node): Promise<void> {
  const key = await nthNewest(world, step.key);
  const pair = await world.maker.generate(key.algorithm);
  const change = await world.change(node, [pair], (keys, facts) =>
    revokeKey(keys, { keyId: key.keyId, fresh: pair }, facts),
  );
  if (change === undefined) return;
  assert.ok(world.revoked.has(key.keyId), "the key is not revoked");
  await expectToSign(world, change);
}

/** The keys of a change sign at once, apart from those that it revokes. */
async function expectToSign(world: World, { keys }: KeyChange): Promise<void> {
  const stored = await world.store.list();
  const settled = 2 * clockError + longestLag;
  for (const { before, after } of keys.filter((one) => one.after.revokedAt === null)) {
    const { algorithm, keyId, activeFrom } = after;
    world.early.add(keyId);
    // A clock that is behind may have chosen a key that other nodes sign with, and not the one that takes over from it
    const hasSuccessor = stored.some((key) => key.algorithm === algorithm && key.activeFrom > activeFrom);
    if (before === null || !hasSuccessor) world.expected.set(algorithm, { keyId, from: world.time + settled });
  }
}

/** What must be true in the end, once all nodes have the same settings and keep the keys for long enough. */
async function settle(world: World): Promise<void> {
  const { settings, times, nodes } = world;
  for (const node of nodes) await reconnect(world, node);
  await take({ kind: "configure", choice: nodes[0]?.facts.choice ?? 0 }, world);
  const round = times.publication + 10_000;
  for (let rounds = 0; rounds < 3; rounds++) {
    await upkeep([0, 1, 2], world);
    await world.advance(round, () => observe(world));
  }
  for (const node of world.nodes) {
    const active = activeKeys(node);
    for (const algorithm of algorithmsInUse(node.choice)) {
      assert.ok(active.has(algorithm), `${algorithm} never gets a key`);
      const { activeFrom = 0 } = node.ring.states.find(({ key }) => key.keyId === active.get(algorithm))?.key ?? {};
      const longest = (settings.keyRotation ?? Infinity) + 2 * round + clockError;
      assert.ok(world.nowOf(node.facts) - activeFrom <= longest, `the key of ${algorithm} is not rotated`);
    }
  }
  await world.advance(3 * day, () => observe(world));
  await upkeep([0], world);
  await world.advance(longestLag, () => observe(world));
  for (const { keyId, revokedAt } of await world.store.list()) {
    const isUsed = world.nodes.some(({ ring }) => ring.published.some(({ kid }) => kid === keyId));
    assert.ok(isUsed || revokedAt !== null, "a key is kept that nothing needs");
  }
}

async function nthNewest(world: World, place: number) {
  const keys = (await world.store.list()).toSorted((left, right) => right.createdAt - left.createdAt);
  return keys[place % keys.length] ?? assert.fail("the store has no key");
}
