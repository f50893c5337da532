import assert from "node:assert/strict";
import { earlyKeyWarning } from "@carnet/core/key/key-changes";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { clockError, longestLag } from "./steps.ts";
import type { Node, Snapshot, World } from "./world.ts";

/** What must be true of the ring at any time, whatever operators, clocks and networks do. */

/** A guard knows of a revocation after this, in milliseconds: it asks for the feed every second, and may ask a node that is late. */
const feedBound = 2000;

/** More keys than this in the JWKS, for each algorithm, can only be a fault. */
const mostPublished = 13;

/** Judges what a node signs with. */
export function checkSigned(world: World, node: Node, signed: { audience: string | null; keyId: string }): void {
  const { keyId, audience } = signed;
  const revoked = world.revoked.get(keyId);
  assert.ok(revoked === undefined || !world.hasSeen(node, revoked), "a node signs with a key that it knows is revoked");
  for (const other of world.nodes.filter(({ cutOffAt }) => cutOffAt === null)) {
    const isPublished = other.ring.published.some(({ kid }) => kid === keyId);
    assert.ok(
      isPublished || revoked !== undefined || isStillNew(world, keyId, other),
      "a key signs that another node does not publish",
    );
  }
  const algorithmOf = (id: string) => node.ring.states.find(({ key }) => key.keyId === id)?.key.algorithm;
  const actives = activeKeys(node);
  const { byAudience, byDefault } = node.choice;
  const wanted = [audience === null ? undefined : byAudience.get(audience), byDefault].find(
    (name) => name && actives.has(name),
  );
  if (wanted !== undefined)
    assert.equal(algorithmOf(keyId), wanted, "the algorithm of the audience signs once it has a key");
}

/** Judges the rest. Every JWKS that a node gave out within the last cache lifetime is what some verifier goes by. */
export async function checkWorld(world: World): Promise<void> {
  const { time, snapshots, nodes } = world;
  for (const [keyId, until] of world.tokensUntil) {
    const revoked = world.revoked.get(keyId);
    if (until <= time) continue;
    if (revoked === undefined) for (const snapshot of snapshots) checkAccepted(world, keyId, snapshot);
    else if (time >= revoked.at + feedBound) await checkRevoked(world, keyId);
  }
  for (const [keyId, revoked] of world.revoked)
    for (const node of nodes.filter((one) => world.hasSeen(one, revoked)))
      assert.ok(!publishes(node, keyId), "a node publishes a key that it knows is revoked");
  for (const node of nodes) checkRing(world, node);
}

/** A token that has not expired is accepted by whoever has this JWKS. */
function checkAccepted(world: World, keyId: string, { node, keyIds, ...snapshot }: Snapshot): void {
  if (keyIds.has(keyId)) return;
  assert.ok(isStillNew(world, keyId, snapshot), `a valid token is refused: ${describe(world, keyId, node)}`);
  if (snapshot.until <= world.time - world.times.jwksMaxAge) return; // its verifier asks again
  // An early key: the warning must say for how long. Its times are by the clock of the node that made the key
  const added = world.added.get(keyId) ?? assert.fail();
  const lateness = longestLag + (snapshot.isCutOff ? world.settings.storeGrace : 0);
  const now = world.time + added.clockOffset - lateness;
  assert.ok(
    earlyKeyWarning(added.record, { now, times: world.times }),
    "a token is refused for longer than the warning says",
  );
}

/** Only keys of `--now` and revocations may be unknown, and only to those who have not heard of them yet. */
function isStillNew(world: World, keyId: string, known: { readonly version: number }): boolean {
  const added = world.added.get(keyId) ?? assert.fail("a key signs that was never stored");
  return world.early.has(keyId) && !world.hasSeen(known, added);
}

/** The feed voids the tokens of a revoked key for all who still know the key. */
async function checkRevoked(world: World, keyId: string): Promise<void> {
  const oldest = world.time - world.times.jwksMaxAge;
  if (!world.snapshots.some(({ keyIds, until }) => until > oldest && keyIds.has(keyId))) return;
  const listed = await world.store.revokedKeys(world.time + clockError);
  assert.ok(listed.includes(keyId), "a token of a revoked key is accepted although its verifier reads the feed");
}

function checkRing(world: World, node: Node): void {
  const active = node.ring.states.filter(({ state }) => state === "active").map(({ key }) => key.algorithm);
  assert.equal(new Set(active).size, active.length, "two active keys of an algorithm");
  for (const [algorithm, keys] of Map.groupBy(node.ring.published, ({ alg }) => alg))
    assert.ok(keys.length <= mostPublished, `the JWKS has ${keys.length} keys of ${algorithm}`);
  const { expected } = world;
  if (node.cutOffAt !== null || node.version < world.version) return;
  for (const algorithm of world.served) assert.ok(active.includes(algorithm), `${algorithm} has lost its active key`);
  for (const [algorithm, { keyId, from }] of expected)
    if (world.time >= from) assert.equal(activeKeys(node).get(algorithm), keyId, "the key of `--now` does not sign");
}

/** Tells which algorithms have a key that signs at every node. They must not lose it, unless an operator retires it. */
export function algorithmsServed({ nodes, version, time, settlesAt }: World): readonly SigningAlgorithmName[] {
  if (time < settlesAt || nodes.some((node) => node.version < version)) return [];
  const [first, ...others] = nodes.map((node) => [...activeKeys(node).keys()]);
  return first?.filter((algorithm) => others.every((other) => other.includes(algorithm))) ?? [];
}

export const activeKeys = ({ ring }: Pick<Node, "ring">): ReadonlyMap<SigningAlgorithmName, string> =>
  new Map(ring.states.flatMap(({ key, state }) => (state === "active" ? [[key.algorithm, key.keyId]] : [])));

const publishes = ({ ring }: Node, keyId: string): boolean => ring.published.some(({ kid }) => kid === keyId);

const describe = (world: World, keyId: string, node: Node): string => {
  const found = node.ring.states.find(({ key }) => key.keyId === keyId);
  return `at node ${world.nodes.indexOf(node)} the key is ${found?.state ?? "unknown"}`;
};
