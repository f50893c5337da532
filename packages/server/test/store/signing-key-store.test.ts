import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type KeyAdminPorts, revokeSigningKey, rotateKey } from "@carnet/core/admin/keys";
import { cliOrigin } from "@carnet/core/audit/recorder";
import { OperatorFault } from "@carnet/server/fault";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlRevocationStore } from "@carnet/server/store/sql/revocation-store";
import { createSqlSigningKeyStore } from "@carnet/server/store/sql/signing-key-store";
import { countingIds } from "@carnet/testkit/counting-ids";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { keyPortsOf } from "@carnet/testkit/memory-signing-key-store";
import { eventQuery } from "@carnet/testkit/sample-events";
import { memorySealer } from "@carnet/testkit/test-data-keys";
import { databases, storePorts, type TestDatabase } from "@carnet/testkit/test-database";

/** The store as two processes have it open, and the admin functions on each. */
function openBoth({ db, other, dialect }: TestDatabase) {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const ports = storePorts(dialect, clock);
  const [store, second] = [db, other].map((one) => createSqlSigningKeyStore(one, { ...ports, sealer: memorySealer }));
  if (store === undefined || second === undefined) throw new Error("there are two connections");
  const eventIds = countingIds();
  const adminOf = (signingKeys: typeof store): KeyAdminPorts => ({
    ...{ clock, eventIds, origin: cliOrigin("key_rotated"), recorder: { record: () => {} } },
    keys: keyPortsOf(signingKeys),
  });
  return {
    ...{ clock, store, second, admins: [adminOf(store), adminOf(second)] as const },
    events: createSqlEventStore(db, ports),
    revocations: createSqlRevocationStore(other, ports),
  };
}

for (const { name, open } of databases) {
  suite(`the signing keys in ${name}`, () => {
    test("are changed in turn: of two processes that rotate at once, one makes a key and the other is refused", async () => {
      await using database = await open();
      const { store, admins } = openBoth(database);
      for (let round = 0; round < 5; round++) {
        const outcomes = await Promise.all(admins.map((ports) => rotateKey({ algorithm: "ES256", now: false }, ports)));
        const refused = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.kind]));
        assert.deepEqual(refused, ["key_state"]);
        const keys = await store.list();
        assert.equal(keys.length, 1);
        await store.delete(keys.map(({ keyId }) => keyId));
      }
    });

    test("are stored with their facts, and with the event of the change", async () => {
      await using database = await open();
      const { store, second, admins, events } = openBoth(database);
      const rotated = await rotateKey({ algorithm: "RS256", now: false }, admins[0]);
      assert.ok(rotated.ok);
      const { key } = rotated.value.key;
      assert.deepEqual(await second.list(), [key]);
      const [event] = await events.search(eventQuery());
      assert.deepEqual(JSON.parse(event?.json ?? "").objects[0].id, key.keyId);
      assert.deepEqual(await store.list(), await second.list());
    });

    test("have a private part that opens under the id of its key only", async () => {
      await using database = await open();
      const { store, admins } = openBoth(database);
      await rotateKey({ algorithm: "ES256", now: false }, admins[0]);
      await rotateKey({ algorithm: "Ed25519", now: false }, admins[0]);
      const [one = "", two = ""] = (await store.list()).map(({ keyId }) => keyId);
      assert.ok((await store.openPrivateKey(one)).length > 0);
      const { sealed } = await database.db
        .selectFrom("signing_keys")
        .select("sealed_private_key as sealed")
        .where("key_id", "=", one)
        .executeTakeFirstOrThrow();
      await database.db
        .updateTable("signing_keys")
        .set({ sealed_private_key: sealed })
        .where("key_id", "=", two)
        .execute();
      await assert.rejects(store.openPrivateKey(two), OperatorFault);
      await assert.rejects(store.openPrivateKey("no-such-key"), OperatorFault);
    });

    test("leave a revocation of every token of a revoked key, in the transaction of the change", async () => {
      await using database = await open();
      const { clock, store, admins, revocations } = openBoth(database);
      const rotated = await rotateKey({ algorithm: "ES256", now: true }, admins[0]);
      const keyId = rotated.ok ? rotated.value.key.key.keyId : assert.fail();
      clock.advance(1000);
      const revoked = await revokeSigningKey(keyId, admins[1]);
      assert.ok(revoked.ok);
      const token = { claims: { iat: 0, rvk: ["client", "secret"] as const }, keyId, idHash: "hash" };
      const found = await revocations.find(token, clock.now());
      assert.deepEqual([found?.kind, found?.revokedAt], ["key", clock.now()]);
      const successor = revoked.value.successor?.key.keyId ?? "";
      assert.equal(await revocations.find({ ...token, keyId: successor }, clock.now()), undefined);
      assert.equal((await store.list()).find((key) => key.keyId === keyId)?.revokedAt, clock.now());
    });

    test("keep nothing of a change that is refused or that fails", async () => {
      await using database = await open();
      const { store, events, admins } = openBoth(database);
      await rotateKey({ algorithm: "ES256", now: false }, admins[0]);
      const before = await store.list();
      const pairless = rotateKey(
        { algorithm: "Ed25519", now: false },
        {
          ...admins[0],
          keys: { ...admins[0].keys, store: { ...store, change: (_pairs, decide) => store.change([], decide) } },
        },
      );
      await assert.rejects(pairless, /no private part/);
      await rotateKey({ algorithm: "ES256", now: false }, admins[1]);
      assert.deepEqual(await store.list(), before);
      assert.equal((await events.search(eventQuery())).length, 1);
    });

    test("are deleted with their private parts", async () => {
      await using database = await open();
      const { store, admins } = openBoth(database);
      await rotateKey({ algorithm: "ES256", now: false }, admins[0]);
      const [key] = await store.list();
      await store.delete([key?.keyId ?? ""]);
      assert.deepEqual(await store.list(), []);
      assert.deepEqual(await database.db.selectFrom("signing_keys").selectAll().execute(), []);
    });
  });
}
