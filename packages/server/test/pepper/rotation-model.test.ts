// Random rotations on nodes that lag, stop and are killed, against a small model. PEPPER_RUNS makes it longer.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { SecretHasher } from "@carnet/core/client/secret-hasher";
import type { PepperRecord } from "@carnet/core/pepper/pepper";
import type { PepperRing, PepperSource } from "@carnet/server/crypto/secret-hasher";
import { databases, openTwoSqlite, type TestDatabase } from "@carnet/testkit/test-database";
import fc from "fast-check";
import { PepperWorld, type PlantedFault } from "./support/pepper-world.ts";
import { Rotation, steps } from "./support/rotation-model.ts";

const runs = Number(process.env["PEPPER_RUNS"] ?? 20);

async function check(open: () => Promise<TestDatabase>, fault: PlantedFault, numRuns: number) {
  await using database = await open();
  const world = await PepperWorld.open(database);
  const property = fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: "max" }), (sequence) =>
    fc.asyncModelRun(async () => ({ model: {}, real: await Rotation.begin(world, fault) }), sequence),
  );
  return await fc.check(property, { numRuns, endOnFailure: true });
}

suite("A rotation of the pepper", () => {
  for (const { name, open } of databases)
    test(`refuses no valid secret, and ends each one that did not move, in any order of events on ${name}`, async () => {
      const outcome = await check(open, {}, runs);
      assert.ok(!outcome.failed, `${fc.defaultReportMessage(outcome) ?? ""}\n${outcome.errorInstance}`);
    });
});

const altered = (source: PepperSource, alter: (pepper: PepperRecord) => PepperRecord): PepperSource => ({
  list: async () => (await source.list()).map(alter),
  openPepper: (pepperId) => source.openPepper(pepperId),
});

const faults: Readonly<Record<string, PlantedFault>> = {
  "looks under the current pepper only": {
    hasher: (ring) => wrapped(ring, { digests: (clientId, secret) => [ring.digest(clientId, secret)] }),
  },
  "does not ask for new peppers before it refuses": { hasher: (ring) => wrapped(ring, { catchUp: async () => false }) },
  "uses a new pepper before the others know it": {
    source: (source) => altered(source, (pepper) => ({ ...pepper, usedFrom: pepper.createdAt })),
  },
  "moves nothing": { moves: () => ({ note: async () => {} }) },
  "does not wait for moves just before the deadline": {
    moves: (moves) => ({ note: (move, now) => moves.note({ ...move, from: { ...move.from, endsAt: null } }, now) }),
  },
  "ends the old pepper too early": {
    source: (source) =>
      altered(source, (pepper) => ({ ...pepper, endsAt: pepper.endsAt === null ? null : pepper.endsAt - 80_000 })),
  },
};

const wrapped = (ring: PepperRing, change: Partial<SecretHasher>): SecretHasher => ({
  get current() {
    return ring.current;
  },
  digest: (...sent) => ring.digest(...sent),
  digests: (...sent) => ring.digests(...sent),
  catchUp: () => ring.catchUp(),
  ...change,
});

suite("The model finds a node that", () => {
  for (const [name, fault] of Object.entries(faults))
    test(name, async () => {
      const outcome = await check(openTwoSqlite, fault, 2000);
      assert.ok(outcome.failed, "the planted fault was not found");
      assert.match(String(outcome.errorInstance), /a valid secret is refused|an ended secret is accepted/);
    });
});
