import { test } from "node:test";
import type { EventStore } from "@carnet/core/audit/event-store";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import { allClients } from "@carnet/testkit/all-clients";
import { MemoryClientStore } from "@carnet/testkit/memory-client-store";
import { withEvent } from "@carnet/testkit/sample-events";
import { openTestSqlite } from "@carnet/testkit/test-sqlite";
import fc from "fast-check";
import { commands } from "./model/commands.ts";
import { System } from "./model/system.ts";

interface Opened {
  readonly store: ClientStore & IdempotencyStore;
  readonly events: EventStore;
}

/** Runs random sequences of operations, each on an empty store. */
const agree = (openStore: () => Promise<Opened>, numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: "max" }), async (sequence) => {
      const { store, events } = await openStore();
      await fc.asyncModelRun(() => {
        const real = new System(store, events);
        const model = { now: real.clock.now(), clients: new Map(), everSeen: [], changed: new Set<string>() };
        return { model, real };
      }, sequence);
    }),
    { numRuns },
  );

test("any sequence of operations on clients and secrets agrees with a small model, in memory", () =>
  agree(async () => {
    const store = new MemoryClientStore();
    return { store, events: store.events };
  }, 250));

test("any sequence of operations on clients and secrets agrees with a small model, in SQLite", async () => {
  await using sqlite = await openTestSqlite();
  const store = { ...sqlite.store, findRecord: sqlite.answers.findRecord };
  await agree(async () => {
    for (const left of await allClients(store)) await store.delete(left, withEvent());
    await sqlite.events.trim(Number.MAX_SAFE_INTEGER);
    return { store, events: sqlite.events };
  }, 40);
});
