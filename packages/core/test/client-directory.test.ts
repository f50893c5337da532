import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedCache } from "@carnet/core/bounded-cache";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientLookup } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import { FewClients } from "@carnet/testkit/few-clients";
import fc from "fast-check";

const idOf = (text: string): ClientId => {
  const id = parseClientId(text);
  assert.ok(id.ok);
  return id.value;
};

/** A store that knows what begins with "known", and answers when it is told to. */
class SlowStore {
  readonly asked: (ClientId | undefined)[] = [];
  #answer: (() => void)[] = [];
  failure: Error | undefined;

  find(clientId: ClientId | undefined): Promise<ClientLookup> {
    this.asked.push(clientId);
    const known = clientId?.startsWith("known") ?? false;
    const client = clientId !== undefined && known ? { ...decoyClient, clientId } : decoyClient;
    return new Promise((resolve, reject) => {
      this.#answer.push(() => (this.failure ? reject(this.failure) : resolve({ client, known, anySlowSecret: false })));
    });
  }

  answerAll(): void {
    for (const answer of this.#answer.splice(0)) answer();
  }
}

test("any number of callers at once cause one reading for each id", async () => {
  const store = new SlowStore();
  const directory = new ClientDirectory(store, new FewClients(10));
  const ids = [idOf("known-1"), idOf("nobody"), undefined];
  const readings = ids.flatMap((id) => [directory.read(id), directory.read(id), directory.read(id)]);
  assert.deepEqual(store.asked, ids);
  store.answerAll();
  assert.deepEqual(
    (await Promise.all(readings)).map(({ known }) => known),
    [true, true, true, false, false, false, false, false, false],
  );
});

test("the next reading asks the store again: nothing is answered from one that is over", async () => {
  const store = new SlowStore();
  const directory = new ClientDirectory(store, new FewClients(10));
  for (let round = 1; round <= 2; round++) {
    const reading = directory.read(idOf("known-1"));
    store.answerAll();
    await reading;
    assert.equal(store.asked.length, round);
  }
});

test("a reading that fails fails for all who wait for it, and not for those who come after", async () => {
  const store = new SlowStore();
  const directory = new ClientDirectory(store, new FewClients(10));
  store.failure = new Error("down");
  const readings = [directory.read(idOf("known-1")), directory.read(idOf("known-1"))];
  store.answerAll();
  assert.deepEqual(
    (await Promise.allSettled(readings)).map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(directory.peek(idOf("known-1")), undefined);
  store.failure = undefined;
  const reading = directory.read(idOf("known-1"));
  store.answerAll();
  assert.equal((await reading).known, true);
});

test("a known client stays in memory, an unknown id does not", async () => {
  const store = new SlowStore();
  const directory = new ClientDirectory(store, new FewClients(2));
  const read = async (id: ClientId | undefined) => {
    const reading = directory.read(id);
    store.answerAll();
    await reading;
  };
  await read(idOf("known-1"));
  for (let stranger = 0; stranger < 10; stranger++) await read(idOf(`nobody-${stranger}`));
  await read(undefined);
  assert.equal(directory.peek(idOf("known-1"))?.clientId, "known-1");
  assert.equal(directory.peek(idOf("nobody-1")), undefined);
  assert.equal(directory.peek(undefined), undefined);
  assert.equal(directory.peek(decoyClient.clientId), undefined);
});

test("a client that is gone from the store leaves memory with the next reading", async () => {
  let known = true;
  const client = { ...decoyClient, clientId: idOf("app") };
  const directory = new ClientDirectory(
    { find: async () => ({ client: known ? client : decoyClient, known, anySlowSecret: false }) },
    new FewClients(10),
  );
  await directory.read(client.clientId);
  assert.equal(directory.peek(client.clientId), client);
  known = false;
  await directory.read(client.clientId);
  assert.equal(directory.peek(client.clientId), undefined);
});

test("a bounded cache has what was set, never more than its capacity, and always the half that was used last", () => {
  const action = fc.record({ act: fc.constantFrom("get", "get", "set", "set", "set", "delete"), key: fc.nat(9) });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.array(action, { minLength: 20, maxLength: 60 }),
      (capacity, actions) => {
        const cache = new BoundedCache<number, number>(capacity);
        const values = new Map<number, number>();
        let used: number[] = [];
        actions.forEach(({ act, key }, number) => {
          const found = act === "get" ? cache.get(key) : undefined;
          if (act === "get") assert.ok(found === undefined || found === values.get(key));
          if (act === "get" && used.slice(-Math.floor(capacity / 2)).includes(key))
            assert.equal(found, values.get(key));
          if (act === "set") {
            cache.set(key, number);
            values.set(key, number);
          }
          if (act === "delete") {
            cache.delete(key);
            values.delete(key);
          }
          if (found !== undefined || act === "set") used = [...used.filter((one) => one !== key), key];
          assert.ok(cache.size <= capacity);
        });
        cache.clear();
        assert.ok([...values.keys()].every((key) => cache.get(key) === undefined));
      },
    ),
    { numRuns: 500 },
  );
});

/** A store with one client, whose answers say which version it was when they were asked for. */
class ChangingStore {
  version = 1;
  #answer: (() => void)[] = [];

  find(clientId: ClientId | undefined): Promise<ClientLookup> {
    const client = {
      ...decoyClient,
      clientId: clientId ?? decoyClient.clientId,
      createdAt: this.version,
      version: this.version,
    };
    return new Promise((resolve) => {
      this.#answer.push(() => resolve({ client, known: true, anySlowSecret: false }));
    });
  }

  answerNext(): void {
    this.#answer.shift()?.();
  }
}

for (const forget of ["forget", "forgetAll"] as const) {
  test(`a reading that was under way when its client was dropped is not kept (${forget})`, async () => {
    const store = new ChangingStore();
    const directory = new ClientDirectory(store, new FewClients(10));
    const id = idOf("app");
    const stale = directory.read(id);
    store.version = 2;
    directory[forget](id);
    store.answerNext();
    assert.equal((await stale).client.version, 1);
    assert.equal(directory.peek(id), undefined, "what may be old is not kept");
  });

  test(`who asks after a client was dropped gets a reading of their own, and that one is kept (${forget})`, async () => {
    const store = new ChangingStore();
    const directory = new ClientDirectory(store, new FewClients(10));
    const id = idOf("app");
    const stale = directory.read(id);
    store.version = 2;
    directory[forget](id);
    const fresh = directory.read(id);
    const joined = directory.read(id);
    assert.equal(fresh, joined);
    store.answerNext();
    await stale;
    assert.equal(directory.read(id), fresh, "the end of the old reading does not end the new one");
    store.answerNext();
    assert.equal((await fresh).client.version, 2);
    assert.equal(directory.peek(id)?.createdAt, 2);
  });
}
