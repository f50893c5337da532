import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { test } from "node:test";
import { issuedMany, JournalUnderTest, process, start } from "./support/journal-under-test.ts";

const file = `20261126-${process}-1`;
const events = issuedMany(0, 10);

test("only notes the part of a record that a killed process left", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events, "open");
  await appendFile(journal.path(file), '{"time":"2026-');
  const { problems, notes } = await journal.verify();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    notes.map(({ file, record }) => ({ file, record })),
    [{ file, record: 11 }],
  );
});

for (const [known, detail] of [
  [8, "Records 9 to 10 came after the last anchor (2026-11-26T10:00:07.000Z) and cannot be"],
  [9, "Record 10 came after the last anchor (2026-11-26T10:00:08.000Z) and cannot be"],
] as const) {
  test(`notes the last records of a killed process, which the store does not know (${10 - known})`, async () => {
    await using journal = await JournalUnderTest.open();
    await journal.write(file, events, "open");
    journal.anchor(file, events.slice(0, known), { state: "open" });
    const { problems, notes } = await journal.verify();
    assert.deepEqual(problems, []);
    const end = "checked against the store yet.";
    assert.deepEqual(notes, [{ file, record: known + 1, detail: `${detail} ${end}` }]);
  });
}

test("does not note the newest records of a running process, which it anchors within seconds", async () => {
  await using journal = await JournalUnderTest.open();
  journal.clock.now = () => start + 60_000;
  await journal.write(file, events, "open");
  journal.anchor(file, events.slice(0, 8), { state: "open" });
  assert.deepEqual((await journal.verify()).notes, []);
});
