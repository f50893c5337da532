import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { issued, issuedMany, JournalUnderTest, process, start } from "./support/journal-under-test.ts";

const day = 86_400_000;
const file = `20261126-${process}-1`;
const second = `20261127-${process}-2`;
const events = issuedMany(0, 2000);

test("deletes files whose newest record is too old, with their anchors", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.write(
    second,
    issuedMany(0, 10).map((event) => ({ ...event, at: event.at + day })),
  );
  await journal.keepHouse({ now: start + 10 * day + 1, maxAge: 9 * day });
  assert.deepEqual(await readdir(journal.folder), [`${second}.jsonl.gz`]);
  assert.deepEqual([...journal.anchors.rows.keys()], [second]);
  assert.deepEqual((await journal.verify()).problems, []);
});

test("deletes the oldest files when the folder is too large, and says so loudly", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.write(second, issuedMany(5000, 7000));
  await journal.keepHouse();
  const { size } = await stat(journal.path(second, ".jsonl.gz"));
  journal.logged.length = 0;
  await journal.keepHouse({ maxSize: size + 10 });
  assert.deepEqual(await readdir(journal.folder), [`${second}.jsonl.gz`]);
  assert.deepEqual(
    journal.logged.map(({ event, file, records }) => ({ event, file, records })),
    [{ event: "journal_file_deleted_for_space", file, records: 2000 }],
  );
  assert.match(String(journal.logged[0]?.["detail"]), /CARNET_JOURNAL_MAX_SIZE/);
  assert.deepEqual((await journal.verify()).problems, []);
});

test("finishes a deletion that a crash interrupted, before or after the file was removed", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events, "deleting");
  await journal.write(second, events, "deleting");
  await rm(journal.path(second));
  await journal.keepHouse();
  assert.deepEqual(await readdir(journal.folder), []);
  assert.equal(journal.anchors.rows.size, 0);
});

test("deletes a day of records at a time, because the clock can be wrong for a moment", async () => {
  await using journal = await JournalUnderTest.open();
  const names = [1, 2, 3, 4].map((n) => `2026112${n}-${process}-${n}`);
  for (const [i, name] of names.entries()) await journal.write(name, [issued(i, { at: start + i * 0.6 * day })]);
  const future = start + 1000 * day;
  await journal.keepHouse({ now: future });
  assert.deepEqual(
    await readdir(journal.folder),
    names.slice(2).map((name) => `${name}.jsonl.gz`),
  );
  for (let runs = 0; runs < 2; runs++) await journal.keepHouse({ now: future });
  assert.deepEqual(await readdir(journal.folder), []);
});

test("deletes a broken file that a killed process left when it is old, and logs once that it is broken", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events, "open");
  await writeFile(
    journal.path(file),
    (await readFile(journal.path(file), "utf8")).replace("198.51.100.7", "198.51.100.8"),
  );
  const newest = start + 1_999_000;
  for (const now of [newest + day, newest + day + 300_000, newest + 10 * day])
    await journal.keepHouse({ now, maxAge: 10 * day });
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl`]);
  await journal.keepHouse({ now: newest + 10 * day + 1, maxAge: 10 * day });
  assert.deepEqual(await readdir(journal.folder), []);
  assert.equal(journal.anchors.rows.size, 0);
  assert.deepEqual(
    journal.logged.map(({ event }) => event),
    ["journal_file_broken", "journal_file_deleted"],
  );
});

test("forgets a missing file when it would have been deleted, and that of another node after twice the time", async () => {
  await using journal = await JournalUnderTest.open();
  journal.anchor(file, [issued(1)]);
  journal.anchor(second, [issued(1)], { ofNode: "a container that is gone" });
  const known = () => [...journal.anchors.rows.keys()];
  const newest = start + 1000;
  await journal.keepHouse({ now: newest + 10 * day, maxAge: 10 * day });
  assert.deepEqual(known(), [file, second]);
  await journal.keepHouse({ now: newest + 10 * day + 1, maxAge: 10 * day });
  assert.deepEqual(known(), [second]);
  await journal.keepHouse({ now: newest + 20 * day + 1, maxAge: 10 * day });
  assert.deepEqual(known(), []);
});
