import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { testDataKeys } from "@carnet/testkit/test-data-keys";
import { databases, storePorts } from "@carnet/testkit/test-database";
import { storedSigningKeys } from "@carnet/testkit/test-key-ring";

for (const { name, open } of databases)
  suite(`the sealed keys on ${name}`, () => {
    test("are made once, however many processes open a new store at once", async () => {
      await using opened = await open();
      const ports = storePorts(opened.dialect, new FixedClock("2026-11-21T12:00:00Z"));
      const all = await Promise.all(
        [opened.db, opened.other, opened.db, opened.other].map((db) => openSealedKeys(db, testDataKeys(db), ports)),
      );
      assert.equal(all.filter(({ created }) => created !== undefined).length, 1);
      assert.equal(new Set(all.map(({ pepper }) => Buffer.from(pepper.reveal()).toString("hex"))).size, 1);
      assert.equal((await storedSigningKeys(opened.other, testDataKeys(opened.other), ports)).length, 1);
      assert.equal((await opened.db.selectFrom("audit_events").select("event").execute()).length, 1);
    });

    test("do not open under another master key, and are left unchanged", async () => {
      await using opened = await open();
      const ports = storePorts(opened.dialect, new FixedClock("2026-11-21T12:00:00Z"));
      const made = await openSealedKeys(opened.db, testDataKeys(opened.db), ports);
      await assert.rejects(
        openSealedKeys(opened.other, testDataKeys(opened.other, 2), ports),
        (error) => error instanceof OperatorFault && /The master key does not open this store/.test(error.message),
      );
      const again = await openSealedKeys(opened.other, testDataKeys(opened.other), ports);
      assert.deepEqual([...again.pepper.reveal()], [...made.pepper.reveal()]);
    });
  });
