import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { SecretUse } from "@carnet/core/client/client-secret";
import { SecretUses } from "@carnet/core/client/secret-uses";
import type { SecretId } from "@carnet/protocol/ids";
import { secretOf } from "@carnet/testkit/sample-clients";

/** Stores each batch, or fails. */
class UseStore {
  readonly kept: (readonly (readonly [SecretId, SecretUse])[])[] = [];
  failure: Error | undefined;
  /** Called while a batch is being stored. */
  meanwhile: () => void = () => {};

  async recordUses(uses: ReadonlyMap<SecretId, SecretUse>): Promise<void> {
    const batch = [...uses];
    this.meanwhile();
    if (this.failure !== undefined) throw this.failure;
    this.kept.push(batch);
  }
}

const one = secretOf("one");
const two = secretOf("two");
const use = (at: number, from = "192.0.2.1"): SecretUse => ({ at, from });

suite("The last uses of secrets", () => {
  test("reach the store once, in one batch with the latest use of each secret", async () => {
    const store = new UseStore();
    const uses = new SecretUses(store);
    await uses.flush();
    for (const at of [1, 2, 3]) uses.note(one.secretId, use(at));
    uses.note(two.secretId, use(2));
    await uses.flush();
    await uses.flush();
    assert.deepEqual(store.kept, [
      [
        [one.secretId, use(3)],
        [two.secretId, use(2)],
      ],
    ]);
  });

  test("never go back, even when the clock does", async () => {
    const store = new UseStore();
    const uses = new SecretUses(store);
    uses.note(one.secretId, use(5));
    uses.note(one.secretId, use(4));
    assert.deepEqual(uses.lastOf(one), use(5));
    assert.deepEqual(uses.lastOf({ ...one, lastUse: use(6) }), use(6));
    assert.deepEqual(uses.lastOf({ ...one, lastUse: use(4) }), use(5));
    await uses.flush();
    uses.note(one.secretId, use(4));
    await uses.flush();
    assert.deepEqual(store.kept, [[[one.secretId, use(5)]]]);
  });

  test("come from the store when this process has seen none", () => {
    const uses = new SecretUses(new UseStore());
    assert.equal(uses.lastOf(one), null);
    assert.deepEqual(uses.lastOf({ ...one, lastUse: use(1) }), use(1));
  });

  test("that could not be stored are retried, unless a later use replaced them", async () => {
    const store = new UseStore();
    const uses = new SecretUses(store);
    uses.note(one.secretId, use(1));
    uses.note(two.secretId, use(1));
    store.failure = new Error("the disk is full");
    store.meanwhile = () => uses.note(one.secretId, use(2));
    await assert.rejects(uses.flush(), store.failure);
    store.failure = undefined;
    store.meanwhile = () => {};
    await uses.flush();
    assert.deepEqual(
      new Map(store.kept[0]),
      new Map([
        [one.secretId, use(2)],
        [two.secretId, use(1)],
      ]),
    );
  });

  test("noted while a batch is being stored go into the next batch", async () => {
    const store = new UseStore();
    const uses = new SecretUses(store);
    uses.note(one.secretId, use(1));
    store.meanwhile = () => uses.note(one.secretId, use(2));
    await uses.flush();
    store.meanwhile = () => {};
    await uses.flush();
    assert.deepEqual(store.kept, [[[one.secretId, use(1)]], [[one.secretId, use(2)]]]);
  });

  test("are known while they are being stored, and to a caller that read the store just before", async () => {
    const store = new UseStore();
    const uses = new SecretUses(store);
    uses.note(one.secretId, use(1));
    store.meanwhile = () => assert.deepEqual(uses.lastOf(one), use(1));
    await uses.flush();
    assert.deepEqual(uses.lastOf(one), use(1));
    assert.equal(store.kept.length, 1);
  });

  test("are forgotten one batch after they were stored", async () => {
    const uses = new SecretUses(new UseStore());
    uses.note(one.secretId, use(1));
    await uses.flush();
    uses.note(two.secretId, use(2));
    await uses.flush();
    assert.equal(uses.lastOf(one), null);
    assert.deepEqual(uses.lastOf({ ...one, lastUse: use(1) }), use(1));
  });
});
