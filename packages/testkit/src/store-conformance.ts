import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { parseAddress } from "@carnet/core/client/cidr";
import type { Client } from "@carnet/core/client/client";
import type { ClientPlace, ClientStore } from "@carnet/core/client/client-store";
import { parseClientId } from "@carnet/protocol/ids";
import { queryOf } from "./all-clients.ts";
import { clientIdOf, comparable, fullClient, plainClient } from "./sample-clients.ts";
import { withEvent } from "./sample-events.ts";
import { testChanges } from "./store-change-conformance.ts";
import { testConcurrency } from "./store-concurrency-conformance.ts";
import { testEvents } from "./store-event-conformance.ts";
import { testOwners } from "./store-owner-conformance.ts";
import { testRevocations } from "./store-revocation-conformance.ts";
import { testSearches } from "./store-search-conformance.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Declares the tests that every client store must pass. `open` returns an empty store. */
export function testClientStore(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name} as a client store`, () => {
    let opened: StoreUnderTest | undefined;
    const under = (): StoreUnderTest => {
      if (opened === undefined) throw new Error("the store did not open");
      return opened;
    };
    before(async () => {
      opened = await open();
    });
    after(async () => {
      await opened?.[Symbol.asyncDispose]();
    });
    // The first tests need an empty store
    testEmptiness(under);
    testRoundTrip(under);
    testTakenIds(under);
    testPaging(under);
    testDigests(under);
  });
  testChanges(name, open);
  testSearches(name, open);
  testConcurrency(name, open);
  testOwners(name, open);
  testRevocations(name, open);
  testEvents(name, open);
}

function testEmptiness(under: () => StoreUnderTest): void {
  test("an empty store lists and finds nothing", async () => {
    const { store } = under();
    assert.deepEqual((await store.search(queryOf({}))).clients, []);
    assert.equal(await store.find(clientIdOf("nobody")), undefined);
    assert.equal(await store.findBySecret(new Uint8Array(32)), undefined);
    assert.equal(await store.identify(new Uint8Array(32)), undefined);
  });
}

function testRoundTrip(under: () => StoreUnderTest): void {
  for (const [what, client] of [
    ["every field set", fullClient],
    ["every field empty", plainClient("plain")],
  ] as const) {
    test(`a client with ${what} is returned as it was`, async () => {
      assert.deepEqual(await under().store.insert([client], withEvent()), { kind: "inserted" });
      for (const from of [under().store, under().other]) {
        assert.deepEqual(comparable(await read(from, client)), comparable(client));
        for (const secret of client.secrets) {
          const names = { clientId: client.clientId, secretId: secret.secretId };
          assert.deepEqual(await from.identify(secret.digest), names);
          const proven = await from.findBySecret(secret.digest);
          assert.equal(proven?.secret.secretId, secret.secretId);
          assert.deepEqual(comparable(proven.client), comparable(client));
        }
        const [listed] = (await from.search(queryOf({}))).clients.filter(
          ({ clientId }) => clientId === client.clientId,
        );
        assert.ok(listed);
        assert.deepEqual(comparable(listed), comparable(client));
      }
    });
  }

  test("a stored address block still contains the same addresses", async () => {
    const client = await read(under().store, fullClient);
    const inside = parseAddress("203.0.113.7");
    const outside = parseAddress("203.0.114.7");
    assert.ok(inside && outside);
    assert.ok(client.ipAllowlist.some((block) => block.contains(inside)));
    assert.ok(!client.ipAllowlist.some((block) => block.contains(outside)));
  });

  test("a client id that differs in case or by a space is a different one", async () => {
    for (const near of ["FULL client", "full client ", "full  client", "full clien"]) {
      const parsed = parseClientId(near);
      if (parsed.ok) assert.equal(await under().store.find(parsed.value), undefined, near);
    }
  });
}

function testTakenIds(under: () => StoreUnderTest): void {
  test("a taken id is refused, and nothing changes", async () => {
    const first = plainClient("taken");
    assert.deepEqual(await under().store.insert([first], withEvent()), { kind: "inserted" });
    const again = { ...plainClient("taken"), clientName: "second" };
    const outcome = await under().store.insert([plainClient("not taken"), again], withEvent());
    assert.deepEqual(outcome, { kind: "taken", clientIds: ["taken"] });
    assert.equal(await under().store.find(clientIdOf("not taken")), undefined);
    assert.deepEqual(comparable(await read(under().store, first)), comparable(first));
  });

  test("one of many concurrent inserts of the same id succeeds", async () => {
    const clients = Array.from({ length: 8 }, (_, number) => ({ ...plainClient("race"), clientName: `${number}` }));
    const { contenders } = under();
    const outcomes = await Promise.all(
      clients.map((client, number) => contenders[number % contenders.length]?.insert([client], withEvent())),
    );
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "inserted").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "taken").length, 7);
    const winner = clients[outcomes.findIndex((outcome) => outcome?.kind === "inserted")];
    assert.ok(winner);
    assert.deepEqual(comparable(await read(under().other, winner)), comparable(winner));
  });
}

function testPaging(under: () => StoreUnderTest): void {
  test("pages list each client once, in the order of the ids", async () => {
    for (const id of ["page-c", "page-a", "page-B", "page-d"])
      await under().store.insert([plainClient(id)], withEvent());
    const seen: string[] = [];
    for (let after: ClientPlace | null = null; ; ) {
      const page = await under().store.search(queryOf({ after, limit: 2 }));
      assert.ok(page.clients.length <= 2);
      seen.push(...page.clients.map(({ clientId }) => clientId));
      if (page.next === null) break;
      after = page.next;
    }
    assert.deepEqual(seen, ["full client", "page-B", "page-a", "page-c", "page-d", "plain", "race", "taken"]);
  });

  test("a page can start after an id that does not exist", async () => {
    const after: ClientPlace = { value: "page-aa", clientId: clientIdOf("page-aa") };
    const page = await under().store.search(queryOf({ after, limit: 1 }));
    assert.deepEqual(
      page.clients.map(({ clientId }) => clientId),
      ["page-c"],
    );
  });
}

function testDigests(under: () => StoreUnderTest): void {
  test("a digest that differs in one bit finds nothing", async () => {
    for (const { digest } of fullClient.secrets) {
      for (const at of [0, 15, 16, 31]) {
        const near = digest.map((byte, place) => (place === at ? byte ^ 1 : byte));
        assert.equal(await under().store.findBySecret(near), undefined, `byte ${at}`);
      }
    }
  });

  test("a second secret with the same digest is refused", async () => {
    const first = plainClient("first digest");
    await under().store.insert([first], withEvent());
    const secrets = plainClient("second").secrets.map((secret) => ({
      ...secret,
      digest: first.secrets[0]?.digest ?? secret.digest,
    }));
    await assert.rejects(async () => under().store.insert([{ ...plainClient("second digest"), secrets }], withEvent()));
  });
}

async function read(store: ClientStore, { clientId }: Client): Promise<Client> {
  const client = await store.find(clientId);
  assert.ok(client);
  return client;
}
