import assert from "node:assert/strict";
import { test } from "node:test";
import type { JournalAnchor } from "@carnet/server/journal/journal-anchors";
import { createSqlJournalAnchors } from "@carnet/server/store/sql/journal-anchors";
import { databases } from "@carnet/testkit/test-database";

for (const database of databases)
  test(`reads, closes and deletes the anchors of the journal on ${database.name}`, async () => {
    await using opened = await database.open();
    const { db } = opened;
    const anchors = createSqlJournalAnchors(db);
    const open: JournalAnchor = {
      file: "20261126-3f9a0c1b2d4e-1",
      node: "node-1",
      records: 2,
      hash: "a",
      oldestAt: 1,
      newestAt: 2,
      anchoredAt: 3,
      state: "open",
    };
    await db
      .insertInto("journal_files")
      .values({
        file: open.file,
        node: "node-1",
        records: 2,
        hash: "a",
        oldest_at: 1,
        newest_at: 2,
        anchored_at: 3,
        closed: 0,
      })
      .execute();
    assert.deepEqual(await anchors.list(), [open]);
    const closed: JournalAnchor = { ...open, records: 5, hash: "b", oldestAt: 0, newestAt: 9, state: "closed" };
    await anchors.close(closed);
    assert.deepEqual(await anchors.list(), [closed]);
    await anchors.close({ ...closed, records: 1 }); // closed already
    assert.deepEqual(await anchors.list(), [closed]);
    await anchors.markDeleting(open.file);
    assert.deepEqual(await anchors.list(), [{ ...closed, state: "deleting" }]);
    await anchors.delete(open.file);
    assert.deepEqual(await anchors.list(), []);
  });
