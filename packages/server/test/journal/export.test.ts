import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { EventQuery } from "@carnet/core/audit/event-store";
import { fileLine } from "@carnet/server/journal/file-line";
import { verifyLines } from "@carnet/server/journal/verify-lines";
import {
  collect,
  issued,
  issuedMany,
  JournalUnderTest,
  linesOfFile,
  process,
  start,
} from "./support/journal-under-test.ts";

const older = "20261126-bbbbbbbbbbbb-1";
const file = `20261126-${process}-1`;

const exported = (journal: JournalUnderTest, range: Partial<Pick<EventQuery, "since" | "until">> = {}) =>
  collect(journal.reader.export({ since: null, until: null, ...range }));

test("exports the lines as they are, the oldest file first, each file after its name", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(older, issuedMany(0, 2));
  await journal.keepHouse();
  await journal.write(file, issuedMany(2, 4), "open");
  const [first, second] = [linesOfFile(older, issuedMany(0, 2)), linesOfFile(file, issuedMany(2, 4))];
  assert.deepEqual(await exported(journal), [fileLine(older), ...first, fileLine(file), ...second]);
  assert.deepEqual(await exported(journal, { since: start + 1000, until: start + 3000 }), [
    fileLine(older),
    ...first.slice(1),
    fileLine(file),
    ...second.slice(0, 1),
  ]);
  assert.deepEqual(await exported(journal, { until: start }), []);
});

test("exports the lines between two of the range, so that the export can be verified", async () => {
  await using journal = await JournalUnderTest.open();
  const times = [0, 1000, 5000, 2000, 6000, 7000, 1000];
  const events = times.map((after, i) => issued(i, { at: start + after }));
  await journal.write(file, events);
  const lines = await exported(journal, { since: start + 5000, until: start + 7000 });
  assert.deepEqual(lines, [fileLine(file), ...linesOfFile(file, events).slice(2, 5)]);
  const { records, problems, notes } = await verifyLines(lines);
  assert.deepEqual([records, problems, notes.length], [3, [], 1]);
});

test("names a file that cannot be read, and exports the others", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(older, issuedMany(0, 2));
  await writeFile(journal.path(older), Buffer.alloc(65 * 1024 * 1024, "x"));
  await journal.write(file, [issued(3)]);
  const [damaged = "", ...others] = await exported(journal);
  assert.deepEqual(Object.keys(JSON.parse(damaged)), ["journal_file", "unread"]);
  assert.deepEqual(others, [fileLine(file), ...linesOfFile(file, [issued(3)])]);
  assert.deepEqual(
    journal.logged.map(({ event, file }) => ({ event, file })),
    [{ event: "journal_file_unread", file: older }],
  );
});

test("leaves out a file that the store does not know: another store can share the folder", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(older, issuedMany(0, 2));
  await journal.write(file, [issued(3)]);
  journal.anchors.rows.delete(older);
  assert.deepEqual(await exported(journal), [fileLine(file), ...linesOfFile(file, [issued(3)])]);
});
