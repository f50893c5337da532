import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ClientStore } from "@carnet/core/client/client-store";
import { clientIdOf, plainClient } from "./sample-clients.ts";
import { eventWith, idsOfEvents, withEvent } from "./sample-events.ts";
import { ownerWith } from "./sample-owners.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Declares what every store must keep while many writers change it at once, over several connections. */
export function testConcurrency(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name}: many writers at once`, () => {
    test("lose no change, and each change has its event", async () => {
      await using under = await open();
      await under.store.insert([{ ...plainClient("counter"), accessTokenTtl: 1 }], withEvent());
      const writers = Array.from({ length: 12 }, (_, number) => under.contenders[number % under.contenders.length]);
      await Promise.all(writers.map((store, number) => store && increment(store, `change-${number}`)));
      const counter = await under.other.find(clientIdOf("counter"));
      assert.deepEqual([counter?.accessTokenTtl, counter?.version], [13, 13]);
      const ids = await idsOfEvents(under.events);
      assert.equal(ids.filter((id) => id.startsWith("change-")).length, 12);
    });

    test("never give an owner more clients than its policy allows", async () => {
      await using under = await open();
      const owner = ownerWith("payments", { maxClients: 3 });
      assert.equal(await under.owners.insert(owner, withEvent()), "inserted");
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, number) => {
          const client = { ...plainClient(`app-${number}`), owner: "payments" };
          return under.contenders[number % under.contenders.length]?.insert([client], {
            ...withEvent(),
            owners: [owner],
          });
        }),
      );
      const kinds = outcomes.map((outcome) => outcome?.kind);
      assert.equal(kinds.filter((kind) => kind === "inserted").length, 3);
      assert.equal(kinds.filter((kind) => kind === "owner_full").length, 9);
      assert.equal((await under.owners.countClients(["payments"])).get("payments"), 3);
    });
  });
}

/** Adds one to a number of a client, again until nobody else changed it meanwhile. */
async function increment(store: ClientStore, id: string): Promise<void> {
  for (;;) {
    const client = await store.find(clientIdOf("counter"));
    assert.ok(client);
    const next = { ...client, version: client.version + 1, accessTokenTtl: (client.accessTokenTtl ?? 0) + 1 };
    const outcome = await store.replace(next, { ...withEvent(), event: eventWith({ id }) });
    if (outcome === "replaced") return;
    assert.equal(outcome, "changed");
  }
}
