// Random sequences of what operators, clocks and networks do to the key ring of three nodes. Planted faults show that the
// model would notice. Plays always the same stories, unless MODEL_RUNS asks for so many new ones (`npm run soak`).
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { faults } from "./model/faults.ts";
import { plant } from "./model/plant-fault.ts";
import { play } from "./model/play.ts";
import { story } from "./model/steps.ts";
import { createMemoryStore, openSqliteStore, type SharedStore } from "./model/stores.ts";

const runs = Number(process.env["MODEL_RUNS"] ?? 30);
const seed = process.env["MODEL_RUNS"] === undefined ? { seed: 1 } : {};

const search = (store: SharedStore, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(story, (told) => play(told, store)),
    { numRuns, ...seed },
  );

describe("whatever operators, clocks and networks do to the key ring", () => {
  it("no valid token is refused and no revoked key is accepted after its bound", () =>
    search(createMemoryStore(), runs));

  it("the same is true of keys in SQLite", async () => {
    await using store = await openSqliteStore();
    await search(store, Math.ceil(runs / 10));
  });

  describe("the model finds that", () => {
    for (const { name, ...fault } of faults)
      it(name, async () => {
        const faulty = await plant(fault);
        const store = faulty.createMemoryStore();
        const { failed } = await fc.check(
          fc.asyncProperty(story, (told) => faulty.play(told, store)),
          { numRuns: 400, endOnFailure: true, seed: 1 },
        );
        assert.ok(failed, "the fault was not found");
      });
  });
});
