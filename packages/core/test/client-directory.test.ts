import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import { MapClientMemory } from "@carnet/testkit/map-client-memory";
import { plainClient } from "@carnet/testkit/sample-clients";

type Found = Awaited<ReturnType<ClientStore["findBySecret"]>>;

const app = plainClient("app");
const [secret] = app.secrets;
assert.ok(secret);
const found = { client: app, secret };
const { digest } = secret;
const under = { digest, pepper: "first", endsAt: null };
const unknown = new Uint8Array(32).fill(255);

/** A store that answers when it is told to, with what it had when it was asked. */
class SlowStore {
  readonly asked: Uint8Array[] = [];
  has: Found = found;
  failure: Error | undefined;
  readonly #answers: (() => void)[] = [];

  findBySecret(asked: Uint8Array): Promise<Found> {
    this.asked.push(asked);
    const answer = asked === unknown ? undefined : this.has;
    return new Promise((resolve, reject) => {
      this.#answers.push(() => (this.failure ? reject(this.failure) : resolve(answer)));
    });
  }

  answerNext(): void {
    this.#answers.shift()?.();
  }

  answerAll(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }
}

function setUp() {
  const store = new SlowStore();
  return { store, directory: new ClientDirectory(store, new MapClientMemory()) };
}

test("any number of concurrent callers cause one read for each digest", async () => {
  const { store, directory } = setUp();
  const reads = [digest, unknown].flatMap((one) => [directory.read(one), directory.read(one), directory.read(one)]);
  assert.deepEqual(store.asked, [digest, unknown]);
  store.answerAll();
  assert.deepEqual(await Promise.all(reads), [found, found, found, undefined, undefined, undefined]);
});

test("the next read asks the store again", async () => {
  const { store, directory } = setUp();
  for (let round = 1; round <= 2; round++) {
    const read = directory.read(digest);
    store.answerAll();
    await read;
    assert.equal(store.asked.length, round);
  }
});

test("a failed read fails for all who wait for it, and not for later callers", async () => {
  const { store, directory } = setUp();
  store.failure = new Error("down");
  const reads = [directory.read(digest), directory.read(digest)];
  store.answerAll();
  assert.deepEqual(
    (await Promise.allSettled(reads)).map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(directory.peek(digest), undefined);
  store.failure = undefined;
  const read = directory.read(digest);
  store.answerAll();
  assert.equal(await read, found);
});

test("a hit is cached, a miss is not", async () => {
  const { store, directory } = setUp();
  const reads = [directory.read(digest), directory.read(unknown)];
  store.answerAll();
  await Promise.all(reads);
  assert.equal(directory.peek(digest), found);
  assert.equal(directory.peek(unknown), undefined);
});

for (const forget of ["forget", "forgetAll"] as const) {
  test(`a read that began before its client was dropped is not cached (${forget})`, async () => {
    const { store, directory } = setUp();
    const stale = directory.read(digest);
    directory[forget](app.clientId);
    store.answerNext();
    assert.equal(await stale, found);
    assert.equal(directory.peek(digest), undefined);
  });

  test(`a caller that comes after a client was dropped gets a new read, which is cached (${forget})`, async () => {
    const { store, directory } = setUp();
    const stale = directory.read(digest);
    const changed = { client: { ...app, version: 2 }, secret };
    store.has = changed;
    directory[forget](app.clientId);
    const fresh = directory.read(digest);
    assert.equal(directory.read(digest), fresh);
    store.answerNext();
    await stale;
    assert.equal(directory.read(digest), fresh, "the end of the old read must not end the new one");
    store.answerNext();
    assert.equal(await fresh, changed);
    assert.equal(directory.peek(digest), changed);
  });

  test(`a cached client is dropped (${forget})`, async () => {
    const { store, directory } = setUp();
    const read = directory.read(digest);
    store.answerAll();
    await read;
    directory[forget](app.clientId);
    assert.equal(directory.peek(digest), undefined);
  });
}

test("an entry in doubt is read again on its next use", async () => {
  const { store, directory } = setUp();
  const first = directory.read(digest);
  store.answerAll();
  await first;
  directory.doubtAll();
  assert.equal(directory.peek(digest), undefined);
  const again = directory.read(digest);
  store.answerAll();
  assert.equal(await again, found);
  assert.equal(directory.peek(digest), found);
});

test("what is in doubt is used as it is while the store cannot be read, and is no longer there once the store says so", async () => {
  const { store, directory } = setUp();
  const first = directory.read(digest);
  store.answerAll();
  await first;
  directory.doubtAll();
  const away = new Error("away");
  const readWhileAway = () => {
    store.failure = away;
    const read = directory.readOrRecall([under], () => true);
    store.answerAll();
    store.failure = undefined;
    return read;
  };
  assert.deepEqual(await readWhileAway(), [{ under, proven: found }]);
  assert.equal(directory.peek(digest), undefined, "it is still in doubt");
  store.has = undefined;
  const gone = directory.read(digest);
  store.answerAll();
  assert.equal(await gone, undefined);
  await assert.rejects(readWhileAway(), away, "a client that was deleted must not come back with the next outage");
});

test("a client that was changed is not used while the store cannot be read", async () => {
  const { store, directory } = setUp();
  const first = directory.read(digest);
  store.answerAll();
  await first;
  directory.doubtAll();
  directory.forget(app.clientId);
  store.failure = new Error("away");
  const read = directory.readOrRecall([under], () => true);
  store.answerAll();
  await assert.rejects(read, store.failure);
});
