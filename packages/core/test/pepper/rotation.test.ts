import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { recordAnswer, replayAnswer } from "@carnet/core/admin/idempotency";
import { SecretMoves } from "@carnet/core/client/secret-moves";
import { addPepper, firstPepper, isDeletable, type PepperRecord, peppersAt } from "@carnet/core/pepper/pepper";
import { Redacted } from "@carnet/protocol/redacted";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { plainHasher } from "@carnet/testkit/plain-hasher";
import { clientIdOf, secretOf } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import { TwoPeppers } from "@carnet/testkit/two-peppers";

const secret = "planted-secret-0123456789";
const first: PepperRecord = { pepperId: firstPepper, createdAt: 0, usedFrom: 0, endsAt: null, isDeleted: false };
const minute = 60_000;

suite("A pepper", () => {
  test("is known for a minute before it is used, and the one before ends at the deadline", () => {
    const added = addPepper([first], { pepperId: "second", deadline: 100 * minute }, 0);
    assert.ok(added.ok);
    const both = [added.value.added, added.value.replaced];
    const statesAt = (now: number) => peppersAt(both, now).map(({ pepper, state }) => `${pepper.pepperId} ${state}`);
    assert.deepEqual(statesAt(minute - 1), ["first current", "second upcoming"]);
    assert.deepEqual(statesAt(minute), ["first old", "second current"]);
    assert.deepEqual(statesAt(100 * minute - 1), ["first old", "second current"]);
    assert.deepEqual(statesAt(100 * minute), ["first ended", "second current"]);
  });

  test("cannot be replaced twice at a time, and the refusal says until when", () => {
    const added = addPepper([first], { pepperId: "second", deadline: 100 * minute }, 0);
    assert.ok(added.ok);
    const both = [added.value.added, added.value.replaced];
    const refused = addPepper(both, { pepperId: "third", deadline: 500 * minute }, 100 * minute - 1);
    assert.ok(!refused.ok);
    assert.equal(refused.error.kind, "rotation_in_progress");
    assert.match(refused.error.detail, /until 1970-01-01T01:40:00\.000Z/);
    assert.ok(addPepper(both, { pepperId: "third", deadline: 500 * minute }, 100 * minute).ok);
  });

  test("is used after the one before it, even if the clock of the node that made that one is ahead", () => {
    const ahead = { ...first, pepperId: "ahead", createdAt: 10 * minute, usedFrom: 11 * minute };
    const added = addPepper([first, ahead], { pepperId: "next", deadline: 500 * minute }, 0);
    assert.ok(added.ok && added.value.added.usedFrom > ahead.usedFrom);
    assert.equal(added.value.replaced.pepperId, "ahead");
  });

  test("is deleted a minute after its end, once", () => {
    const ended = { ...first, endsAt: 10 * minute };
    assert.equal(isDeletable(ended, 11 * minute - 1), false);
    assert.equal(isDeletable(ended, 11 * minute), true);
    assert.equal(isDeletable({ ...ended, isDeleted: true }, 11 * minute), false);
    assert.equal(isDeletable(first, 11 * minute), false);
  });
});

/** An endpoint in the middle of a rotation, and a client that is registered under the old pepper. */
async function midRotation() {
  const before = new TestEndpoint();
  await before.register({ client_id: "app", secret: { value: new Redacted(secret) } });
  const hasher = new TwoPeppers();
  const endpoint = new TestEndpoint({ ...before.ports, hasher });
  return { before, endpoint, hasher };
}

suite("While the pepper is replaced", () => {
  test("each refusal costs the same hashes and probes, whoever exists and whatever has moved", async () => {
    const costs = [];
    for (const [client, value, hasMoved] of [
      ["app", "wrong-secret-0123456789", false],
      ["app", "wrong-secret-0123456789", true],
      ["nobody", "wrong-secret-0123456789", false],
      ["nobody", secret, true],
    ] as const) {
      const { before, endpoint, hasher } = await midRotation();
      if (hasMoved) {
        assert.equal((await endpoint.post({ client_id: "app", client_secret: secret })).status, 200);
        await (endpoint.ports.moves as SecretMoves).flush();
      }
      const [hashes, probes] = [hasher.hashes, before.store.probes];
      assert.equal((await endpoint.post({ client_id: client, client_secret: value })).status, 401);
      costs.push({ hashes: hasher.hashes - hashes, probes: before.store.probes - probes });
    }
    assert.deepEqual(costs, Array(4).fill({ hashes: 2, probes: 2 }));
  });

  test("a secret is found under the old pepper, moves once, and is then under the new one only", async () => {
    const { before, endpoint } = await midRotation();
    const moves = endpoint.ports.moves as SecretMoves;
    for (let use = 0; use < 3; use++) {
      assert.equal((await endpoint.post({ client_id: "app", client_secret: secret })).status, 200);
      assert.equal(moves.pending, use === 0 ? 1 : 0);
      await moves.flush();
    }
    const client = await before.store.find(clientIdOf("app"));
    assert.deepEqual(
      client?.secrets.map(({ pepper }) => pepper),
      ["second"],
    );
    assert.equal(await before.store.findBySecret(plainHasher.digest("app", secret).digest), undefined);
  });

  test("a secret of a disabled client does not move", async () => {
    const { before, endpoint } = await midRotation();
    const client = await before.store.find(clientIdOf("app"));
    assert.ok(client);
    await before.store.replace({ ...client, version: client.version + 1, status: "disabled" }, withEvent());
    const moves = endpoint.ports.moves as SecretMoves;
    assert.equal((await endpoint.post({ client_id: "app", client_secret: secret })).status, 401);
    assert.equal(moves.pending, 0);
  });

  test("a secret that moves between the two look-ups of another node is not missed", async () => {
    const { before, endpoint, hasher } = await midRotation();
    const { store } = before;
    const client = await store.find(clientIdOf("app"));
    const [own] = client?.secrets ?? [];
    assert.ok(own);
    const findBySecret = store.findBySecret.bind(store);
    let lookups = 0;
    store.findBySecret = async (digest) => {
      const found = await findBySecret(digest);
      const from = { pepper: firstPepper, endsAt: null };
      if (lookups++ === 0)
        await store.moveSecrets([
          { secretId: own.secretId, clientId: clientIdOf("app"), from, to: hasher.digest("app", secret) },
        ]);
      return lookups === 1 ? undefined : found;
    };
    assert.equal((await endpoint.post({ client_id: "app", client_secret: secret })).status, 200);
  });

  test("an idempotency record is found under the old pepper, and none is made beside it under the new one", async () => {
    const { before, endpoint } = await midRotation();
    const request = { idempotencyKey: "key", clientId: "app", content: "content" };
    const old = adminPortsOf(before);
    const during = { ...adminPortsOf({ ...before, ports: endpoint.ports }), answers: before.store };
    const change = { ...withEvent(), record: recordAnswer(Buffer.from("answer"), request, old) };
    assert.deepEqual(await before.store.insert([], change), { kind: "inserted" });
    const replayed = await replayAnswer(request, during);
    assert.ok(replayed.ok);
    assert.equal(Buffer.from(replayed.value ?? []).toString(), "answer");
    const other = await replayAnswer({ ...request, content: "other" }, during);
    assert.ok(!other.ok && other.error.kind === "idempotency_key_reused");
    const again = { ...withEvent(), record: recordAnswer(Buffer.from("again"), request, during) };
    assert.deepEqual(await before.store.insert([], again), { kind: "repeated" });
  });
});

suite("Moves of secrets", () => {
  const move = (name: string, endsAt: number | null = null) => {
    const { secretId, digest } = secretOf(name);
    return {
      secretId,
      clientId: clientIdOf(name),
      from: { pepper: firstPepper, endsAt },
      to: { digest, pepper: "second" },
    };
  };

  test("wait in memory in bounded number", async () => {
    const moves = new SecretMoves({ store: { moveSecrets: async () => {} }, moved() {} });
    for (let number = 0; number < 10_100; number++) await moves.note(move(`${number}`), 0);
    assert.equal(moves.pending, 10_000);
    await moves.flush();
    assert.equal(moves.pending, 0);
  });

  test("that cannot be written are tried again", async () => {
    const stored: string[] = [];
    let fails = true;
    const moveSecrets = async (written: readonly { clientId: string }[]) => {
      if (fails) throw new Error("away");
      stored.push(...written.map(({ clientId }) => clientId));
    };
    const moves = new SecretMoves({ store: { moveSecrets }, moved() {} });
    await moves.note(move("app", 30_000), 0); // just before the deadline, so it tries to write
    assert.equal(moves.pending, 1);
    await assert.rejects(moves.flush(), /away/);
    fails = false;
    await moves.flush();
    assert.deepEqual(stored, ["app"]);
  });

  test("are written before the answer in the last minute, and later otherwise", async () => {
    const stored: string[] = [];
    const moveSecrets = async (written: readonly { clientId: string }[]) =>
      void stored.push(...written.map(({ clientId }) => clientId));
    const moves = new SecretMoves({ store: { moveSecrets }, moved() {} });
    await moves.note(move("early", 60_001), 0);
    assert.deepEqual(stored, []);
    await moves.note(move("late", 60_000), 0);
    assert.deepEqual(stored, ["early", "late"]);
  });
});
