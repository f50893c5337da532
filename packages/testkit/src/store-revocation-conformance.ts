import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Client } from "@carnet/core/client/client";
import { drawHandle } from "@carnet/core/client/draw";
import { endOfRevocation, type RevocableToken, type Revocation } from "@carnet/core/revocation/revocation";
import type { RevocationQuery } from "@carnet/core/revocation/revocation-store";
import { clientIdOf, plainClient } from "./sample-clients.ts";
import { eventWith, idsOfEvents, withEvent } from "./sample-events.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Declares the tests for revocations: what is revoked with which change, what matches which token, and what ends. */
export function testRevocations(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name}: revocations`, () => {
    testLostHandles(open);
    testSingleTokens(open);
    testCutOffs(open);
    testLists(open);
  });
}

const random = new SeededRandom();

/** A token that a client could have. */
function tokenOf(client: Client, token: Partial<RevocableToken> & { readonly iat?: number } = {}): RevocableToken {
  const secret = client.secrets[0]?.handle ?? "";
  const { iat = 1_000, ...rest } = token;
  return { claims: { iat, rvk: [client.handle, secret] }, keyId: "key-1", idHash: "hash-1", ...rest };
}

const everything: RevocationQuery = { now: 0, owners: null, clientId: null, after: 0, limit: 1000 };

function revocationOf(now: number, parts: Partial<Revocation> = {}): Revocation {
  const clientId = clientIdOf("app");
  const endsAt = now + 60_000;
  return { kind: "token", subject: "hash-1", issuedUntil: null, clientId, revokedAt: now, endsAt, ...parts };
}

function testLostHandles(open: () => Promise<StoreUnderTest>): void {
  test("a handle that a client loses is revoked with the change, for as long as any of its tokens can live", async () => {
    await using under = await open();
    const { store, revocations, clock } = under;
    const [client, other] = [plainClient("app"), plainClient("other")];
    await store.insert([client, other], withEvent());
    const now = clock.now();
    await store.replace({ ...client, version: 2 }, withEvent());
    assert.deepEqual(await revocations.list(everything), []);
    await store.replace({ ...client, handle: drawHandle(random), version: 3 }, withEvent());
    const found = await revocations.find(tokenOf(client), now);
    assert.equal(found?.kind, "client");
    assert.equal(found.endsAt, endOfRevocation(now));
    assert.equal(await revocations.find(tokenOf(other), now), undefined);
    assert.notEqual(await revocations.find(tokenOf(client), endOfRevocation(now) - 1), undefined);
    assert.equal(await revocations.find(tokenOf(client), endOfRevocation(now)), undefined);
  });

  test("a change that is refused revokes nothing", async () => {
    await using under = await open();
    const client = plainClient("app");
    await under.store.insert([client], withEvent());
    const next = { ...client, handle: drawHandle(random), version: 9 };
    assert.equal(await under.store.replace(next, withEvent()), "changed");
    assert.equal(await under.store.delete({ ...client, version: 9 }, withEvent()), "changed");
    assert.deepEqual(await under.revocations.list(everything), []);
  });

  test("the handle of a secret that stays is revoked when it gets another; one that leaves the list is not", async () => {
    await using under = await open();
    const { store, revocations, clock } = under;
    const client = plainClient("app");
    const [secret] = client.secrets;
    assert.ok(secret);
    await store.insert([client], withEvent());
    const next = { ...client, secrets: [{ ...secret, handle: drawHandle(random) }], version: 2 };
    await store.replace(next, withEvent());
    assert.equal((await revocations.find(tokenOf(client), clock.now()))?.kind, "secret");
    await store.replace({ ...next, secrets: [], version: 3 }, withEvent());
    assert.equal((await revocations.list(everything)).length, 1);
  });

  test("with a limit, an owner's lost handles are counted while they last, also of clients that are gone", async () => {
    await using under = await open();
    const { store, revocations, clock } = under;
    const [app, other] = [plainClient("app"), { ...plainClient("other"), owner: "payments" }];
    await store.insert([app, other], withEvent());
    const limited = { ...withEvent(), maxRevocations: 1 };
    await store.delete(other, limited);
    const next = { ...app, handle: drawHandle(random), version: 2 };
    assert.equal(await store.replace(next, limited), "replaced");
    const third = { ...next, handle: drawHandle(random), version: 3 };
    const event = eventWith();
    assert.equal(await store.replace(third, { ...limited, event }), "too_many_revocations");
    assert.equal(await store.delete(next, { ...limited, event }), "too_many_revocations");
    assert.deepEqual(await store.find(app.clientId), next);
    assert.equal((await idsOfEvents(under.events)).includes(event.id), false);
    assert.equal((await revocations.list(everything)).length, 2);
    assert.equal(await store.replace({ ...next, clientName: "App", version: 3 }, limited), "replaced");
    assert.equal(await store.replace({ ...third, version: 4 }, withEvent()), "replaced", "without a limit");
    clock.advance(endOfRevocation(clock.now()) - clock.now());
    assert.equal(await store.replace({ ...next, handle: drawHandle(random), version: 5 }, limited), "replaced");
  });

  test("deleting a client revokes its handle", async () => {
    await using under = await open();
    const client = plainClient("app");
    await under.store.insert([client], withEvent());
    await under.store.delete(client, { event: eventWith() });
    assert.equal((await under.revocations.find(tokenOf(client), under.clock.now()))?.kind, "client");
  });
}

function testSingleTokens(open: () => Promise<StoreUnderTest>): void {
  test("one token is revoked with its event, once", async () => {
    await using under = await open();
    const { revocations, clock } = under;
    const now = clock.now();
    const client = plainClient("app");
    await under.store.insert([client], withEvent());
    const event = eventWith();
    assert.equal(await revocations.add(revocationOf(now), { event }), "added");
    assert.equal(await revocations.add(revocationOf(now), { event: eventWith() }), "known");
    assert.equal((await idsOfEvents(under.events)).filter((id) => id === event.id).length, 1);
    assert.equal((await revocations.find(tokenOf(client), now))?.kind, "token");
    assert.equal(await revocations.find(tokenOf(client, { idHash: "hash-2" }), now), undefined);
    assert.equal(await revocations.find(tokenOf(client), now + 60_000), undefined);
  });

  test("a limit of single tokens counts live ones, and what revokes all tokens takes their place", async () => {
    await using under = await open();
    const { store, revocations, clock } = under;
    const now = clock.now();
    const client = plainClient("app");
    await store.insert([client], withEvent());
    const add = (subject: string, at: number) =>
      revocations.add(revocationOf(at, { subject }), { event: eventWith(), limit: 2 });
    assert.equal(await add("a", now), "added");
    assert.equal(await add("b", now), "added");
    assert.equal(await add("c", now), "full");
    assert.equal(await add("c", now + 60_000), "added");
    await store.replace({ ...client, handle: drawHandle(random), version: 2 }, withEvent());
    const left = await revocations.list(everything);
    assert.deepEqual(left.map(({ kind }) => kind).filter((kind) => kind === "client").length, 1);
    assert.ok(left.every(({ kind, revokedAt }) => kind === "client" || revokedAt > now));
  });

  test("a key is revoked for the tokens that it signed", async () => {
    await using under = await open();
    const now = under.clock.now();
    const client = plainClient("app");
    const revocation = revocationOf(now, { kind: "key", subject: "key-1", clientId: null });
    await under.revocations.add(revocation, { event: eventWith() });
    assert.equal((await under.revocations.find(tokenOf(client), now))?.kind, "key");
    assert.equal(await under.revocations.find(tokenOf(client, { keyId: "key-2" }), now), undefined);
  });
}

function testCutOffs(open: () => Promise<StoreUnderTest>): void {
  for (const scope of ["a client", "the service"] as const)
    test(`of two cut-offs of ${scope} the later one counts`, async () => {
      await using under = await open();
      const { revocations, clock } = under;
      const now = clock.now();
      const [client, other] = [plainClient("app"), plainClient("other")];
      const isService = scope === "the service";
      const cutOff = (issuedUntil: number) =>
        revocations.add(
          revocationOf(now, {
            ...{ kind: "cut_off", subject: isService ? "" : client.handle, issuedUntil },
            clientId: isService ? null : client.clientId,
          }),
          { event: eventWith() },
        );
      assert.equal(await cutOff(2_000), "added");
      assert.equal(await cutOff(1_000), "known");
      assert.equal(await cutOff(3_000), "added");
      assert.equal((await revocations.list(everything)).length, 1);
      assert.equal((await revocations.find(tokenOf(client, { iat: 3_000 }), now))?.kind, "cut_off");
      assert.equal(await revocations.find(tokenOf(client, { iat: 3_001 }), now), undefined);
      const ofOther = await revocations.find(tokenOf(other, { iat: 3_000 }), now);
      assert.equal(ofOther?.kind, isService ? "cut_off" : undefined);
    });

  test("a cut-off of a client takes the place of the single tokens that were revoked before it", async () => {
    await using under = await open();
    const { revocations, clock } = under;
    const now = clock.now();
    const client = plainClient("app");
    await revocations.add(revocationOf(now, { subject: "before" }), { event: eventWith() });
    await revocations.add(revocationOf(now + 5_000, { subject: "after" }), { event: eventWith() });
    const issuedUntil = Math.floor(now / 1000) + 1;
    await revocations.add(revocationOf(now, { kind: "cut_off", subject: client.handle, issuedUntil }), {
      event: eventWith(),
    });
    assert.deepEqual(
      (await revocations.list(everything)).map(({ subject }) => subject),
      ["after", client.handle],
    );
  });
}

function testLists(open: () => Promise<StoreUnderTest>): void {
  test("a list has what has not ended, in the order of adding, of a client or of owners", async () => {
    await using under = await open();
    const { store, revocations, clock } = under;
    const now = clock.now();
    const app = plainClient("app");
    const other = { ...plainClient("other"), owner: "payments" };
    await store.insert([app, other], withEvent());
    await revocations.add(revocationOf(now, { subject: "a", endsAt: now + 1 }), { event: eventWith() });
    await revocations.add(revocationOf(now, { subject: "b", clientId: other.clientId }), { event: eventWith() });
    await revocations.add(revocationOf(now, { kind: "key", subject: "k", clientId: null }), { event: eventWith() });
    const subjects = async (query: Partial<RevocationQuery>) =>
      (await revocations.list({ ...everything, now, ...query })).map(({ subject }) => subject);
    assert.deepEqual(await subjects({}), ["a", "b", "k"]);
    assert.deepEqual(await subjects({ limit: 2 }), ["a", "b"]);
    const [first] = await revocations.list({ ...everything, now });
    assert.deepEqual(await subjects({ after: first?.number ?? 0 }), ["b", "k"]);
    assert.deepEqual(await subjects({ clientId: app.clientId }), ["a"]);
    assert.deepEqual(await subjects({ owners: ["payments"] }), ["b"]);
    assert.deepEqual(await subjects({ owners: [] }), []);
    const older = revocationOf(other.createdAt - 1, { subject: "old", clientId: other.clientId, endsAt: now + 1 });
    await revocations.add(older, { event: eventWith() });
    assert.deepEqual(await subjects({ clientId: other.clientId }), ["b", "old"]);
    assert.deepEqual(await subjects({ owners: ["payments"] }), ["b"]);
    assert.deepEqual(await subjects({ now: now + 1 }), ["b", "k"]);
    // A node whose clock is up to an hour ahead deletes nothing that still counts
    await revocations.deleteEnded(now + 3_600_000);
    assert.deepEqual(await subjects({ now: 0 }), ["a", "b", "k", "old"]);
    await revocations.deleteEnded(now + 3_600_001);
    assert.deepEqual(await subjects({ now: 0 }), ["b", "k"]);
  });
}
