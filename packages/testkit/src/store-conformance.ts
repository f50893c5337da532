import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { KeptAnswerStore } from "@carnet/core/admin/idempotency";
import type { ClientSecret } from "@carnet/core/client/client-secret";
import type { ClientPlace, ClientStore } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import { parseAddress } from "@carnet/protocol/cidr";
import { parseClientId } from "@carnet/protocol/ids";
import { queryOf } from "./all-clients.ts";
import type { FixedClock } from "./fixed-clock.ts";
import { clientIdOf, comparable, fullClient, plainClient, secretOf } from "./sample-clients.ts";
import { testChanges } from "./store-change-conformance.ts";
import { testSearches } from "./store-search-conformance.ts";

/** A store to be tested, with a second way into the same data where there can be one: another connection. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ClientStore;
  readonly other: ClientStore;
  /** Ways into the same data whose calls can overlap in one process. */
  readonly contenders: readonly ClientStore[];
  readonly answers: KeptAnswerStore;
  /** What the store takes for now. */
  readonly clock: FixedClock;
}

/** Declares what every store of clients must do. The store that `open` gives is empty. */
export function testClientStore(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name} as a store of clients`, () => {
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
    // In this order: the first cases need a store without clients
    testEmptiness(under);
    testRoundTrip(under);
    testTakenIds(under);
    testPaging(under);
    testSlowSecrets(under);
  });
  testChanges(name, open);
  testSearches(name, open);
}

function testEmptiness(under: () => StoreUnderTest): void {
  test("an empty store lists nothing, not even its decoy", async () => {
    assert.deepEqual((await under().store.search(queryOf({}))).clients, []);
  });

  test("whoever looks for nobody finds the decoy, whatever was looked for", async () => {
    for (const sought of [undefined, clientIdOf("nobody"), decoyClient.clientId]) {
      const lookup = await under().store.find(sought);
      assert.equal(lookup.known, false);
      assert.equal(lookup.anySlowSecret, false);
      assert.deepEqual(comparable(lookup.client), comparable(decoyClient));
    }
  });
}

function testRoundTrip(under: () => StoreUnderTest): void {
  for (const [what, client] of [
    ["every field set", fullClient],
    ["every field at its emptiest", plainClient("plain")],
  ] as const) {
    test(`a client with ${what} comes back as it was`, async () => {
      assert.deepEqual(await under().store.insert([client]), { kind: "inserted" });
      for (const from of [under().store, under().other]) {
        const lookup = await from.find(client.clientId);
        assert.equal(lookup.known, true);
        assert.deepEqual(comparable(lookup.client), comparable(client));
        const [listed] = (await from.search(queryOf({}))).clients.filter(
          ({ clientId }) => clientId === client.clientId,
        );
        assert.ok(listed);
        assert.deepEqual(comparable(listed), comparable(client));
      }
    });
  }

  test("an address block that comes back still contains what it did", async () => {
    const { client } = await under().store.find(fullClient.clientId);
    const inside = parseAddress("203.0.113.7");
    const outside = parseAddress("203.0.114.7");
    assert.ok(inside && outside);
    assert.ok(client.ipAllowlist.some((block) => block.contains(inside)));
    assert.ok(!client.ipAllowlist.some((block) => block.contains(outside)));
  });

  test("a client id that differs in case or by a space is another one", async () => {
    for (const near of ["FULL client", "full client ", "full  client", "full clien"]) {
      const parsed = parseClientId(near);
      if (parsed.ok) assert.equal((await under().store.find(parsed.value)).known, false, near);
    }
  });
}

function testTakenIds(under: () => StoreUnderTest): void {
  test("an id that is taken is refused, and nothing changes", async () => {
    const first = plainClient("taken");
    assert.deepEqual(await under().store.insert([first]), { kind: "inserted" });
    const again = { ...plainClient("taken"), clientName: "second" };
    const outcome = await under().store.insert([plainClient("not taken"), again]);
    assert.deepEqual(outcome, { kind: "taken", clientIds: ["taken"] });
    assert.equal((await under().store.find(clientIdOf("not taken"))).known, false);
    assert.deepEqual(comparable((await under().store.find(first.clientId)).client), comparable(first));
  });

  test("of many that insert one id at once, one succeeds", async () => {
    const clients = Array.from({ length: 8 }, (_, number) => ({ ...plainClient("race"), clientName: `${number}` }));
    const { contenders } = under();
    const outcomes = await Promise.all(
      clients.map((client, number) => contenders[number % contenders.length]?.insert([client])),
    );
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "inserted").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "taken").length, 7);
    const winner = clients[outcomes.findIndex((outcome) => outcome?.kind === "inserted")];
    assert.ok(winner);
    assert.deepEqual(comparable((await under().other.find(winner.clientId)).client), comparable(winner));
  });
}

function testPaging(under: () => StoreUnderTest): void {
  test("pages follow each other in the order of the ids, with each client once and no decoy", async () => {
    for (const id of ["page-c", "page-a", "page-B", "page-d"]) await under().store.insert([plainClient(id)]);
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

  test("a page may begin after an id that is not there", async () => {
    const after: ClientPlace = { value: "page-aa", clientId: clientIdOf("page-aa") };
    const page = await under().store.search(queryOf({ after, limit: 1 }));
    assert.deepEqual(
      page.clients.map(({ clientId }) => clientId),
      ["page-c"],
    );
  });
}

function testSlowSecrets(under: () => StoreUnderTest): void {
  test("whether any secret is slow-hashed is told with every reading, also of nobody", async () => {
    assert.equal((await under().store.find(undefined)).anySlowSecret, false);
    const human: ClientSecret = { ...secretOf("slow"), kind: "human", salt: new Uint8Array(16).fill(7) };
    await under().store.insert([{ ...plainClient("slow"), secrets: [human] }]);
    for (const sought of [undefined, clientIdOf("nobody"), clientIdOf("plain"), clientIdOf("slow")]) {
      assert.equal((await under().store.find(sought)).anySlowSecret, true);
    }
  });
}
