import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Revocation, revocationKinds } from "@carnet/core/revocation/revocation";
import type { RevocationQuery, RevocationStore } from "@carnet/core/revocation/revocation-store";
import { RevocationList } from "@carnet/server/revocation/revocation-list";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { MemoryEventStore } from "@carnet/testkit/memory-event-store";
import { MemoryRevocationStore } from "@carnet/testkit/memory-revocation-store";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import fc from "fast-check";

const everything: Omit<RevocationQuery, "now"> = { owners: null, clientId: null, after: 0, limit: 1_000_000 };

function open() {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const store = new MemoryRevocationStore(new MemoryEventStore(), () => undefined);
  return { clock, store, list: new RevocationList({ store, clock }) };
}

const tokenOf = (subject: string, revokedAt: number, parts: Partial<Revocation> = {}): Revocation => ({
  ...{ kind: "token", subject, issuedUntil: null, clientId: clientIdOf("app"), revokedAt, endsAt: revokedAt + 60_000 },
  ...parts,
});

const held = (list: RevocationList) => revocationKinds.map((kind) => [kind, [...list.subjects(kind)].sort()]);

suite("the list of revocations", () => {
  test("finds one whose number was given before, by a database that lost it, after starting over", async () => {
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    const stored = (subject: string, number: number) => ({ ...tokenOf(subject, clock.now()), number });
    let rows = [stored("kept", 1), stored("lost", 2)];
    const list = new RevocationList({
      clock,
      store: { list: async ({ after }) => rows.filter(({ number }) => number > after) },
    });
    await list.refresh();
    rows = [stored("kept", 1), stored("new", 2)];
    await list.refresh();
    assert.deepEqual([...list.subjects("token")], ["kept", "lost"]);
    list.startOver();
    await list.refresh();
    assert.deepEqual([...list.subjects("token")], ["kept", "lost", "new"], "the lost one stays revoked until it ends");
  });

  test("holds after each read what the store holds, whatever is revoked, covered and ended", async () => {
    const action = fc.record({
      kind: fc.constantFrom(...revocationKinds),
      subject: fc.constantFrom("", "a", "b", "c", "d"),
      client: fc.constantFrom("app", "other"),
      skew: fc.integer({ min: -3000, max: 3000 }),
      life: fc.integer({ min: 1, max: 20_000 }),
      pause: fc.integer({ min: 0, max: 9000 }),
      isRead: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const { clock, store, list } = open();
        for (const { kind, subject, client, skew, life, pause, isRead } of actions) {
          clock.advance(pause);
          const revokedAt = clock.now() + skew; // the clock of another node
          const issuedUntil = kind === "cut_off" ? Math.floor(revokedAt / 1000) + 1 : null;
          const endsAt = clock.now() + (kind === "token" ? life : 20_000); // what covers a token ends after it
          const parts = { kind, issuedUntil, clientId: clientIdOf(client), endsAt };
          await store.add(tokenOf(subject, revokedAt, parts), withEvent());
          if (isRead) await list.refresh();
        }
        clock.advance(5000); // those that ended are dropped within five seconds
        await list.refresh();
        const stored = await store.list({ ...everything, now: clock.now() });
        const subjects = (kind: string) => stored.filter((one) => one.kind === kind).map((one) => one.subject);
        assert.deepEqual(
          held(list),
          revocationKinds.map((kind) => [kind, subjects(kind).sort()]),
        );
        for (const { kind, subject, issuedUntil } of stored)
          if (kind === "cut_off") assert.ok(list.issuedUntil(subject) >= (issuedUntil ?? 0));
      }),
      { numRuns: 300 },
    );
  });

  test("reads only what is new, in pages, and shares one read among concurrent callers", async () => {
    const { clock, store } = open();
    const reads: number[] = [];
    const counted: Pick<RevocationStore, "list"> = {
      list(query) {
        reads.push(query.after);
        return store.list(query);
      },
    };
    const list = new RevocationList({ store: counted, clock });
    for (let number = 0; number < 2500; number++) await store.add(tokenOf(`t${number}`, clock.now()), withEvent());
    await Promise.all([list.refresh(), list.refresh(), list.refresh()]);
    assert.deepEqual(reads, [0, 1000, 2000]);
    assert.equal([...list.subjects("token")].length, 2500);
    const { version } = list;
    await list.refresh();
    assert.deepEqual(reads, [0, 1000, 2000, 2500]);
    assert.equal(list.version, version, "nothing was new");
  });

  test("keeps a token that a node whose clock is behind revoked after all earlier tokens of the client", async () => {
    const { clock, store, list } = open();
    const now = clock.now();
    await store.add(tokenOf("old", now - 10), withEvent());
    await store.add(tokenOf("handle", now, { kind: "client" }), withEvent());
    await store.add(tokenOf("new", now - 10), withEvent());
    await list.refresh();
    assert.deepEqual([...list.subjects("token")], ["new"]);
  });

  test("claims to know what was stored before a read began, and no more", async () => {
    const { clock, store } = open();
    const slow: Pick<RevocationStore, "list"> = {
      async list(query) {
        const rows = await store.list(query);
        clock.advance(300);
        await store.add(tokenOf("meanwhile", clock.now()), withEvent());
        return rows;
      },
    };
    const list = new RevocationList({ store: slow, clock });
    const start = clock.now();
    await list.refresh();
    assert.deepEqual([list.readAt, [...list.subjects("token")]], [start, []]);
  });

  test("goes on after a read that failed in the middle, and claims no knowledge from before it", async () => {
    const { clock, store } = open();
    for (let number = 0; number < 1500; number++) await store.add(tokenOf(`t${number}`, clock.now()), withEvent());
    let fails = true;
    const failing: Pick<RevocationStore, "list"> = {
      async list(query) {
        if (fails && query.after > 0) throw new Error("the store is away");
        return store.list(query);
      },
    };
    const list = new RevocationList({ store: failing, clock });
    await assert.rejects(list.refresh(), /the store is away/);
    assert.equal(list.readAt, 0);
    fails = false;
    await list.refresh();
    assert.equal([...list.subjects("token")].length, 1500);
    assert.equal(list.readAt, clock.now());
  });

  test("has a new version after a page that was read before a failure, even if no other page follows", async () => {
    const { clock, store } = open();
    let fails = false;
    const failing: Pick<RevocationStore, "list"> = {
      async list(query) {
        if (fails && query.after > 0) throw new Error("the store is away");
        return store.list(query);
      },
    };
    const list = new RevocationList({ store: failing, clock });
    await list.refresh();
    const { version } = list;
    for (let number = 0; number < 1000; number++) await store.add(tokenOf(`t${number}`, clock.now()), withEvent());
    fails = true;
    await assert.rejects(list.refresh(), /the store is away/);
    fails = false;
    await list.refresh();
    assert.notEqual(list.version, version);
  });

  test("has all live revocations again after its clock was ahead for a while", async () => {
    const { clock, store, list } = open();
    await store.add(tokenOf("known", clock.now()), withEvent());
    await list.refresh();
    clock.advance(3_600_000);
    await store.add(tokenOf("new", clock.now() - 3_600_000), withEvent());
    await list.refresh();
    assert.deepEqual([...list.subjects("token")], []);
    const { version } = list;
    clock.advance(-3_600_000);
    await list.refresh();
    assert.deepEqual([...list.subjects("token")].sort(), ["known", "new"]);
    assert.notEqual(list.version, version);
  });

  test("keeps the later of the cut-offs of a client and of the service, and none by default", async () => {
    const { clock, store, list } = open();
    const cutOff = (subject: string, issuedUntil: number) =>
      store.add(tokenOf(subject, clock.now(), { kind: "cut_off", issuedUntil }), withEvent());
    assert.equal(list.issuedUntil("app"), 0);
    await cutOff("app", 10);
    await list.refresh();
    assert.deepEqual([list.issuedUntil("app"), list.issuedUntil("other")], [10, 0]);
    await cutOff("", 20);
    await list.refresh();
    assert.deepEqual([list.issuedUntil("app"), list.issuedUntil("other")], [20, 20]);
    await cutOff("app", 30);
    await list.refresh();
    assert.deepEqual([list.issuedUntil("app"), list.issuedUntil("other")], [30, 20]);
  });
});
