import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import { keepKeys } from "@carnet/core/key/keep-keys";
import { Redacted } from "@carnet/protocol/redacted";
import { createEventIds } from "@carnet/server/audit/event-ids";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { createMasterKey, dataKeyOf } from "@carnet/server/crypto/sealer";
import { type MasterKeyStep, readMasterKeyStatus, rotateMasterKey } from "@carnet/server/rotate-master-key";
import { DataKeys } from "@carnet/server/store/sql/data-keys";
import { dataKeyGrace, deleteRetiredKeys, sealedColumns } from "@carnet/server/store/sql/replace-data-key";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { createSqlSigningKeyStore } from "@carnet/server/store/sql/signing-key-store";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { databases, storePorts, type TestDatabase } from "@carnet/testkit/test-database";
import { sql } from "kysely";

const newKey = (): string => randomBytes(32).toString("base64");

/** A store that was opened once, and commands on it. */
async function openStoreFor({ open }: (typeof databases)[number]) {
  const database = await open();
  const folder = await temporaryFolder();
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const ports = storePorts(database.dialect, clock);
  const configured = (key: string) =>
    loadConfiguration({
      mode: "dev",
      flags: { dataDir: folder.path, store: database.url, journal: "stdout" },
      environment: { CARNET_MASTER_KEY: key },
      file: undefined,
    });
  const node = (key: string, db = database.db) =>
    new DataKeys(db, createMasterKey(configured(key).masterKey ?? assert.fail("there is no key")));
  const eventIds = createEventIds({ bytes: (length) => randomBytes(length) });
  const first = newKey();
  await openSealedKeys(database.db, node(first), ports);
  return {
    ...{ database, clock, ports, first, node },
    step: (key: string, step: MasterKeyStep) => rotateMasterKey(configured(key), step, { clock, eventIds }),
    status: (key: string) => readMasterKeyStatus(configured(key)),
    open: (key: string) => openSealedKeys(database.other, node(key, database.other), ports),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const to = (key: string): MasterKeyStep => ({ kind: "rotate", newKey: { text: new Redacted(key) } });

/** Every column of bytes in the schema, as `table.column`. */
async function columnsOfBytes({ db }: TestDatabase): Promise<readonly string[]> {
  const tables = await db.introspection.getTables();
  return tables.flatMap(({ name, columns }) =>
    columns.filter(({ dataType }) => /^(blob|bytea)$/i.test(dataType)).map((column) => `${name}.${column.name}`),
  );
}

/** Columns of bytes that a rotation leaves alone, and why. */
const otherBytes: Readonly<Record<string, string>> = {
  "client_secrets.digest": "is no secret under the master key",
  "client_secrets.salt": "is no secret",
  "kept_answers.key_digest": "is no secret under the master key",
  "kept_answers.request_digest": "is no secret under the master key",
  "kept_answers.sealed": "ends before its data key",
  "sealed_values.sealed": "is a marker, or of an earlier version",
  "data_keys.wrapped": "is encrypted by the master key",
};

const contentsOf = async ({ db }: TestDatabase) =>
  JSON.stringify([
    await db.selectFrom("data_keys").selectAll().orderBy("data_key_id").orderBy("master_key_id").execute(),
    await db.selectFrom("peppers").selectAll().orderBy("pepper_id").execute(),
    await db.selectFrom("signing_keys").selectAll().orderBy("key_id").execute(),
    await db.selectFrom("audit_events").select("id").orderBy("id").execute(),
  ]);

const refused = (pattern: RegExp) => ({ name: "OperatorFault", message: pattern });

for (const database of databases)
  suite(`the master key on ${database.name}`, () => {
    test("is replaced in two steps: both keys open the store in between, and only the new one in the end", async () => {
      await using store = await openStoreFor(database);
      const { first, open, step } = store;
      const second = newKey();
      const { pepper } = await open(first);
      const rotated = await step(first, to(second));
      assert.deepEqual(
        [rotated.event.event, rotated.event.actor, rotated.values],
        ["master_key_rotated", { type: "cli" }, 2],
      );
      for (const key of [first, second]) assert.deepEqual((await open(key)).pepper.reveal(), pepper.reveal());
      await step(second, { kind: "finish" });
      assert.deepEqual((await open(second)).pepper.reveal(), pepper.reveal());
      await assert.rejects(open(first), refused(/^The master key does not open this store/));
      await assert.rejects(step(first, to(newKey())), refused(/^The master key does not open this store/));
      const events = await store.database.db
        .selectFrom("audit_events")
        .select(["event", "actor"])
        .orderBy("number")
        .execute();
      assert.deepEqual(
        events.slice(1).map(({ event, actor }) => [event, actor]),
        [
          ["master_key_rotated", "cli"],
          ["master_key_finished", "cli"],
        ],
      );
    });

    test("stays the old one when the rotation is cancelled", async () => {
      await using store = await openStoreFor(database);
      const second = newKey();
      await store.step(store.first, to(second));
      await assert.rejects(store.step(second, { kind: "cancel" }), refused(/^--cancel needs the old master key/));
      await store.step(store.first, { kind: "cancel" });
      await store.open(store.first);
      await assert.rejects(store.open(second), refused(/^The master key does not open this store/));
      await store.step(store.first, to(second)); // again, with the same key
    });

    test("is not replaced by a step that is not possible now, and nothing changes", async () => {
      await using store = await openStoreFor(database);
      const { first, step } = store;
      const second = newKey();
      const before = await contentsOf(store.database);
      await assert.rejects(
        step(first, to(first)),
        refused(/^The new master key is the one that the store has already/),
      );
      await assert.rejects(step(first, { kind: "finish" }), refused(/^No rotation of the master key is in progress/));
      await assert.rejects(step(first, { kind: "cancel" }), refused(/^No rotation of the master key is in progress/));
      await assert.rejects(
        step(first, to("short")),
        refused(/^CARNET_NEW_MASTER_KEY does not hold 32 bytes in base64/),
      );
      assert.equal(await contentsOf(store.database), before);
      await step(first, to(second));
      const between = await contentsOf(store.database);
      for (const key of [first, second])
        await assert.rejects(step(key, to(newKey())), refused(/^A rotation of the master key is in progress/));
      await assert.rejects(step(first, { kind: "finish" }), refused(/^--finish needs the new master key/));
      assert.equal(await contentsOf(store.database), between);
    });

    test("is replaced by one of two rotations at once, and the other one is refused", async () => {
      await using store = await openStoreFor(database);
      const keys = [newKey(), newKey()];
      const outcomes = await Promise.allSettled(keys.map((key) => store.step(store.first, to(key))));
      const [done] = outcomes.flatMap(({ status }, at) => (status === "fulfilled" ? [at] : []));
      const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
      assert.equal(failures.length, 1);
      // In one process, waiting for the lock of SQLite would block the first one
      assert.match(failures[0] ?? "", /A rotation of the master key is in progress|is locked by another process/);
      await store.open(keys[done ?? 0] ?? "");
    });

    test("seals every value again that lasts, in every table", async () => {
      await using store = await openStoreFor(database);
      const sealed = sealedColumns.map(({ table, column }) => `${table}.${column}`);
      const columns = await columnsOfBytes(store.database);
      assert.deepEqual(
        columns.filter((column) => !sealed.includes(column) && otherBytes[column] === undefined),
        [],
        "add these to sealedColumns, or to the list of this test",
      );
      assert.deepEqual(
        sealed.filter((column) => !columns.includes(column)),
        [],
      );
      const { dataKeyId } = await store.step(store.first, to(newKey()));
      for (const { table, column } of sealedColumns) {
        const { rows } = await sql<{
          value: Uint8Array;
        }>`select ${sql.ref(column)} as value from ${sql.table(table)}`.execute(store.database.db);
        assert.ok(rows.length > 0, `the test has no value of ${table}.${column}`);
        for (const { value } of rows) assert.equal(dataKeyOf(value), dataKeyId, `${table}.${column}`);
      }
    });

    test("stops at a damaged value, names it, and changes nothing", async () => {
      await using store = await openStoreFor(database);
      const { db } = store.database;
      const { sealed_private_key: whole } = await db.selectFrom("signing_keys").selectAll().executeTakeFirstOrThrow();
      const damaged = Buffer.from(whole);
      damaged[40] = (damaged[40] ?? 0) ^ 1;
      await db.updateTable("signing_keys").set({ sealed_private_key: damaged }).execute();
      const before = await contentsOf(store.database);
      await assert.rejects(store.step(store.first, to(newKey())), {
        name: "OperatorFault",
        message: /its signing_keys row \S+ cannot be decrypted: restore it from a backup\. Nothing was changed\.$/,
      });
      assert.equal(await contentsOf(store.database), before);
    });

    test("is noticed by running nodes: each opens at once what the others seal, and seals under the new data key", async () => {
      await using store = await openStoreFor(database);
      const { first, step, node, database: both } = store;
      const second = newKey();
      const old = node(first, both.other);
      await old.refresh();
      const before = old.seal(Buffer.from("before"), "answer");
      const { dataKeyId } = await step(first, to(second));
      const next = node(second);
      await next.refresh();
      const after = next.seal(Buffer.from("after"), "answer");
      assert.equal(dataKeyOf(after), dataKeyId);
      assert.equal((await old.open(after, "answer"))?.toString(), "after", "without a poll in between");
      assert.equal((await next.open(before, "answer"))?.toString(), "before");
      await old.refresh();
      assert.equal(dataKeyOf(old.seal(Buffer.from("x"), "answer")), dataKeyId);
      await step(second, { kind: "finish" });
      await old.refresh();
      assert.ok(old.isReplaced);
      assert.throws(() => old.refuseReplaced(), refused(/^The master key does not open this store/));
      await next.refresh();
      assert.equal((await next.open(before, "answer"))?.toString(), "before");
    });

    test("does not let a node that has not noticed yet seal a private key under a data key that ends", async () => {
      await using store = await openStoreFor(database);
      const { first, step, node, ports, clock } = store;
      const late = node(first);
      await late.refresh();
      const { dataKeyId } = await step(first, to(newKey()));
      const signingKeys = createSqlSigningKeyStore(store.database.db, { ...ports, sealer: late });
      const due = { inUse: new Set(["ES256", "ES384"] as const), rotation: null };
      const keyTimes = { jwksMaxAge: 0, publication: 0 };
      await keepKeys(due, {
        ...{ ...ports, signingKeys, keyTimes, recorder: { record() {} } },
        origin: { event: "key_created", actor: { type: "service" }, role: null, requestId: null, address: null },
      });
      const rows = await store.database.db.selectFrom("signing_keys").select("sealed_private_key").execute();
      assert.deepEqual(
        rows.map(({ sealed_private_key: sealed }) => dataKeyOf(sealed)),
        [dataKeyId, dataKeyId],
      );
      clock.advance(dataKeyGrace);
      await deleteRetiredKeys(store.database.db, clock.now());
      for (const { keyId } of await signingKeys.list()) await signingKeys.openPrivateKey(keyId);
    });

    test("lets earlier data keys go eleven minutes later, and keeps the current one", async () => {
      await using store = await openStoreFor(database);
      const { first, step, node, clock, status } = store;
      const { db } = store.database;
      const keys = node(first);
      await keys.refresh();
      const sealed = keys.seal(Buffer.from("answer"), "answer");
      const { dataKeyId } = await step(first, to(newKey()));
      const during = await status(first);
      assert.equal(during.retiring[0]?.endsAt, clock.now() + dataKeyGrace);
      clock.advance(dataKeyGrace - 1);
      await deleteRetiredKeys(db, clock.now());
      assert.equal((await node(first).open(sealed, "answer"))?.toString(), "answer");
      clock.advance(1);
      await deleteRetiredKeys(db, clock.now());
      assert.equal(await node(first).open(sealed, "answer"), undefined);
      const { dataKey, retiring } = await status(first);
      assert.deepEqual([dataKey?.id, retiring], [dataKeyId, []]);
    });

    test("has a status that names the keys by their ids, and the one that is given", async () => {
      await using store = await openStoreFor(database);
      const { first, step, status } = store;
      const second = newKey();
      const alone = await status(first);
      assert.deepEqual(
        alone.masterKeys.map(({ state }) => state),
        ["current"],
      );
      assert.deepEqual(alone.given, { id: alone.masterKeys[0]?.id });
      await step(first, to(second));
      const both = await status(second);
      assert.deepEqual(
        both.masterKeys.map(({ state }) => state),
        ["old", "new"],
      );
      assert.deepEqual(both.given, { id: both.masterKeys[1]?.id });
      assert.deepEqual((await status(newKey())).masterKeys, both.masterKeys);
      for (const key of [first, second]) assert.ok(!JSON.stringify(both).includes(key.slice(0, 12)));
    });
  });
