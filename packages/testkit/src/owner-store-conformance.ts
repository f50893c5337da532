import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { EventStore } from "@carnet/core/audit/event-store";
import { parseCidr } from "@carnet/core/client/cidr";
import type { ClientStore } from "@carnet/core/client/client-store";
import { defaultOwner, defaultPolicy, type Owner } from "@carnet/core/owner/owner";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import { ownerOf } from "./memory-owner-store.ts";
import { plainClient } from "./sample-clients.ts";
import { eventWith, idsOfEvents, withEvent } from "./sample-events.ts";

export interface OwnerStoreUnderTest extends AsyncDisposable {
  readonly owners: OwnerStore;
  /** Another connection to the same data, if the store supports that. */
  readonly other: OwnerStore;
  readonly clients: ClientStore;
  readonly events: EventStore;
}

const block = parseCidr("203.0.113.0/24");

const payments = ownerOf("payments", {
  description: "Платежи 🔑",
  contact: "payments@example.com",
  createdAt: 7,
  updatedAt: 8,
  policy: {
    scopes: ["file:read", "data_tables|r"],
    addressBlocks: block.ok ? [block.value] : [],
    ...{ maxTokenTtl: 60, maxSecretAge: 7_776_000, secretsMustExpire: true, maxClients: 0 },
    ...{ audiences: ["https://a.test"], workspaces: ["*"], usernames: ['a "b" \\', '"enforceFrom":null'] },
    enforceFrom: Date.UTC(2027, 0, 31),
  },
});

/** Without methods. */
const comparable = (owner: Owner | undefined) =>
  owner && {
    ...owner,
    policy: { ...owner.policy, addressBlocks: owner.policy.addressBlocks.map(({ text }) => text) },
  };

/** Declares the tests that every store of owners must pass. `open` returns a store that has only the default owner. */
export function testOwnerStore(name: string, open: () => Promise<OwnerStoreUnderTest>): void {
  suite(`${name} as an owner store`, () => {
    test("a new store has the default owner, which may have everything, and a new owner is returned as it was", async () => {
      await using under = await open();
      const [only, ...rest] = await under.owners.list();
      assert.deepEqual([only?.name, only?.policy.audiences, rest], [defaultOwner, ["*"], []]);
      const plain = ownerOf("archive", { policy: defaultPolicy });
      for (const owner of [payments, plain]) assert.equal(await under.owners.insert(owner, withEvent()), "inserted");
      for (const from of [under.owners, under.other]) {
        assert.deepEqual(comparable(await from.find("payments")), comparable(payments));
        assert.deepEqual((await from.list()).map(comparable).slice(0, 1), [comparable(plain)]);
        assert.deepEqual(
          (await from.list()).map(({ name }) => name),
          ["archive", "default", "payments"],
        );
        assert.deepEqual((await from.listEnforced()).map(comparable), [comparable(payments)]);
        assert.equal(await from.find("PAYMENTS"), undefined);
      }
    });

    test("an owner is replaced and deleted only in the version that was read", async () => {
      await using under = await open();
      const { owners, other } = under;
      await owners.insert(payments, withEvent());
      const next = { ...payments, version: 2, description: null };
      const otherMaking = { ...next, createdAt: payments.createdAt + 1 };
      assert.equal(await other.replace(otherMaking, withEvent()), "changed");
      assert.equal(await other.replace(next, withEvent()), "replaced");
      assert.equal(await owners.replace({ ...next, description: "Late" }, withEvent()), "changed");
      assert.deepEqual(comparable(await owners.find("payments")), comparable(next));
      for (const stale of [payments, otherMaking]) assert.equal(await owners.delete(stale, withEvent()), "changed");
      assert.equal(await owners.delete(next, withEvent()), "deleted");
      assert.equal(await owners.delete(next, withEvent()), "changed");
      assert.equal(await other.find("payments"), undefined);
    });

    test("an owner is not deleted while it has a client, or an admin is bound to it", async () => {
      await using under = await open();
      const { owners, clients } = under;
      await owners.insert(payments, withEvent());
      await owners.insert(ownerOf("pay"), withEvent());
      const client = { ...plainClient("app"), owner: "payments" };
      const admin = { ...plainClient("admin"), role: "auditor", roleOwners: ["search", "payments"] } as const;
      for (const user of [client, admin]) {
        await clients.insert([user], withEvent());
        assert.equal(await owners.delete(payments, withEvent()), "in_use", user.clientId);
        assert.equal(await clients.delete(user, withEvent()), "deleted");
      }
      await clients.insert([admin], withEvent());
      assert.equal(await owners.delete(ownerOf("pay"), withEvent()), "deleted", "part of another owner's name");
    });

    test("names that differ only in case are one, and a new owner does not get the second", async () => {
      await using under = await open();
      assert.equal(await under.owners.insert(ownerOf("Orders"), withEvent()), "inserted");
      assert.equal(await under.other.insert(ownerOf("oRDERS"), withEvent()), "taken");
      assert.equal(await under.owners.find("orders"), undefined);
    });

    test("an event is stored with the change of an owner, and not when the change is refused", async () => {
      await using under = await open();
      const { owners, events } = under;
      await events.trim(Number.MAX_SAFE_INTEGER);
      const [made, replaced, deleted] = [eventWith(), eventWith(), eventWith()];
      const next = { ...payments, version: 2 };
      assert.equal(await owners.insert(payments, { event: made }), "inserted");
      assert.equal(await owners.insert(payments, { event: eventWith() }), "taken");
      assert.equal(await owners.replace({ ...next, version: 9 }, { event: eventWith() }), "changed");
      assert.equal(await owners.delete(next, { event: eventWith() }), "changed");
      assert.deepEqual(await idsOfEvents(events), [made.id]);
      assert.equal(await owners.replace(next, { event: replaced }), "replaced");
      assert.equal(await owners.delete(next, { event: deleted }), "deleted");
      assert.deepEqual(await idsOfEvents(events), [deleted.id, replaced.id, made.id]);
    });

    test("the clients of owners are counted without admin clients", async () => {
      await using under = await open();
      const { owners, clients } = under;
      await owners.insert(payments, withEvent());
      const ofPayments = ["a", "b", "c"].map((id) => ({ ...plainClient(id), owner: "payments" }));
      await clients.insert([...ofPayments, plainClient("d"), { ...plainClient("e"), role: "admin" }], withEvent());
      assert.deepEqual(
        await owners.countClients(["payments", "default", "nobody"]),
        new Map([
          ["payments", 3],
          ["default", 1],
        ]),
      );
      assert.deepEqual(await owners.countClients(["nobody"]), new Map());
      assert.deepEqual(await owners.countClients([]), new Map());
    });
  });
}
