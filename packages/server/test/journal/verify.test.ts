import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { hashOf } from "@carnet/server/journal/chain";
import fc from "fast-check";
import {
  collect,
  issued,
  issuedMany,
  JournalUnderTest,
  linesOfFile,
  process,
  start,
} from "./support/journal-under-test.ts";

const file = `20261126-${process}-1`;
const other = `20261126-${process}-2`;
const events = issuedMany(0, 10);
const lines = linesOfFile(file, events);

/** What happens to the lines of a closed file, and the record that is named. */
const tampering: Readonly<Record<string, { change(lines: string[]): void; names: number }>> = {
  "a changed byte": { change: (lines) => void lines.splice(3, 1, changed(lines[3])), names: 4 },
  "a changed byte in the first record": { change: (lines) => void lines.splice(0, 1, changed(lines[0])), names: 1 },
  "a changed byte in the last record": { change: (lines) => void lines.splice(9, 1, changed(lines[9])), names: 10 },
  "a changed byte in the last but one record": {
    change: (lines) => void lines.splice(8, 1, changed(lines[8])),
    names: 9,
  },
  "a changed hash": { change: (lines) => void lines.splice(3, 1, otherHash(lines[3])), names: 4 },
  "a removed line": { change: (lines) => void lines.splice(3, 1), names: 3 },
  "a removed first line": { change: (lines) => void lines.shift(), names: 1 },
  "an inserted line": { change: (lines) => void lines.splice(3, 0, inserted), names: 4 },
  "a repeated line": { change: (lines) => void lines.splice(3, 0, lines[3] ?? ""), names: 4 },
  "a swapped pair": { change: (lines) => void lines.splice(3, 2, lines[4] ?? "", lines[3] ?? ""), names: 4 },
  "a tail that was cut off": { change: (lines) => void lines.splice(7), names: 8 },
  "all lines removed": { change: (lines) => void lines.splice(0), names: 1 },
  "a line that is no record": { change: (lines) => void lines.splice(3, 0, "{}"), names: 4 },
  "an added record": { change: (lines) => void lines.push(linesOfFile(file, issuedMany(0, 11))[10] ?? ""), names: 11 },
  "a replaced file with a whole chain": {
    change: (lines) => void lines.splice(0, 10, ...linesOfFile(file, issuedMany(100, 110))),
    names: 10,
  },
};

const changed = (line = ""): string => line.replace("198.51.100.7", "198.51.100.8");
const otherHash = (line = ""): string => line.replace(/"prev":".*"/, `"prev":"${hashOf("other")}"`);
const inserted = linesOfFile("other", [issued(99)])[0] ?? "";

for (const [what, { change, names }] of Object.entries(tampering)) {
  test(`finds ${what}, and names record ${names}`, async () => {
    await using journal = await JournalUnderTest.open();
    await journal.write(other, events);
    await journal.write(file, events);
    const tampered = [...lines];
    change(tampered);
    await writeFile(journal.path(file), tampered.map((line) => `${line}\n`).join(""));
    const { problems, notes } = await journal.verify();
    assert.deepEqual(
      problems.map(({ file, record }) => ({ file, record })),
      [{ file, record: names }],
    );
    assert.match(problems[0]?.detail ?? "", /^[A-Z].*\.$/);
    assert.deepEqual(notes, []);
  });
}

test("passes a whole journal: closed, growing, empty and compressed files", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.keepHouse();
  await journal.write(other, events, "open");
  journal.anchor(other, events.slice(0, 8), { state: "open" }); // the store is a few seconds behind
  await journal.write("20261126-aaaaaaaaaaaa-1", [], "open");
  journal.clock.now = () => start;
  assert.deepEqual(await journal.verify(), {
    type: "result",
    files: 3,
    records: 20,
    problems: [],
    notes: [],
    otherNodes: [],
  });
});

test("finds a tail that was cut off before the last anchor of a growing file", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events, "open");
  await writeFile(journal.path(file), `${lines.slice(0, 9).join("\n")}\n`);
  const { problems } = await journal.verify();
  assert.deepEqual(
    problems.map(({ record }) => record),
    [10],
  );
});

test("finds bytes after the end of a closed file", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await appendFile(journal.path(file), '{"time":"2026-');
  assert.deepEqual(
    (await journal.verify()).problems.map(({ record }) => record),
    [11],
  );
});

test("finds a removed file", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await rm(journal.path(file));
  const [problem] = (await journal.verify()).problems;
  assert.deepEqual([problem?.file, problem?.record], [file, null]);
  assert.match(problem?.detail ?? "", /missing/);
});

test("finds a renamed file under both names", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await rename(journal.path(file), journal.path(other));
  assert.deepEqual(
    (await journal.verify()).problems.map(({ file }) => file),
    [other, file],
  );
});

test("finds two files that changed places", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.write(other, events);
  await rename(journal.path(file), journal.path("kept", ""));
  await rename(journal.path(other), journal.path(file));
  await rename(journal.path("kept", ""), journal.path(other));
  assert.deepEqual(
    (await journal.verify()).problems.map(({ file, record }) => ({ file, record })),
    [
      { file, record: 1 },
      { file: other, record: 1 },
    ],
  );
});

test("finds a file that the store does not know", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  journal.anchors.rows.clear();
  const [problem] = (await journal.verify()).problems;
  assert.deepEqual([problem?.file, problem?.record], [file, null]);
  assert.match(problem?.detail ?? "", /does not know/);
});

test("does not miss files that are being deleted because of their age", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events, "deleting");
  await rm(journal.path(file));
  assert.deepEqual((await journal.verify()).problems, []);
});

test("counts the files of other nodes by name, because they are not checked", async () => {
  await using journal = await JournalUnderTest.open();
  journal.anchor(file, events, { ofNode: "node-2" });
  journal.anchor(other, events, { ofNode: "node-2" });
  journal.anchor("stdout-aaaaaaaaaaaa", events, { ofNode: "node-3" });
  const { problems, otherNodes } = await journal.verify();
  assert.deepEqual({ problems, otherNodes }, { problems: [], otherNodes: [{ node: "node-2", files: 2 }] });
});

test("checks a file of another node that is in this folder", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  journal.anchor(file, issuedMany(1, 11), { ofNode: "the name of this node before it was renamed" });
  assert.equal((await journal.verify()).problems.length, 1);
});

test("does not report a file that was begun, or deleted, while others were checked", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.write(other, events, "open");
  const list = journal.anchors.list;
  let calls = 0;
  journal.anchors.list = async () => {
    const anchors = await list();
    // `other` is anchored only after the first look, and `file` is deleted between the two
    if (++calls > 1) return anchors.filter(({ file: name }) => name !== file);
    await rm(journal.path(file));
    return anchors.filter(({ file: name }) => name !== other);
  };
  assert.deepEqual((await journal.verify()).problems, []);
});

test("reports how far it is, up to all bytes and records", async () => {
  await using journal = await JournalUnderTest.open();
  for (const name of [file, other]) await journal.write(name, issuedMany(0, 10_000));
  const steps = await collect(journal.reader.verify());
  const progress = steps.filter((step) => step.type === "progress");
  assert.ok(progress.length >= 4);
  const last = progress.at(-1);
  assert.deepEqual([last?.records, last?.bytes], [20_000, last?.totalBytes]);
  const counts = progress.map(({ records }) => records);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  );
});

test("names a file that cannot be read as one that cannot be read", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await rm(journal.path(file));
  await mkdir(journal.path(file)); // a folder in its place: reading fails with EISDIR
  const [problem] = (await journal.verify()).problems;
  assert.match(problem?.detail ?? "", /cannot be read: Error \(EISDIR\)/);
});

test("finds a search index that would hide records", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.keepHouse();
  const path = journal.path(file, ".jsonl.gz");
  const compressed = await readFile(path);
  compressed.fill(0, 100, 2000);
  await writeFile(path, compressed);
  assert.match((await journal.verify()).problems[0]?.detail ?? "", /search index/);
});

test("finds any single change of a byte in a plain file", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  const whole = await readFile(journal.path(file));
  await assertEveryChangeIsFound(journal, { path: journal.path(file), whole });
});

test("finds any single change of a byte in a compressed file", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.keepHouse();
  const path = journal.path(file, ".jsonl.gz");
  await assertEveryChangeIsFound(journal, { path, whole: await readFile(path) });
});

test("finds any removal, repetition or swap of lines, in plain and compressed files", async () => {
  await using journal = await JournalUnderTest.open();
  const place = fc.nat({ max: events.length - 1 });
  const edits = fc.tuple(fc.constantFrom("remove", "repeat", "swap"), place, place);
  await fc.assert(
    fc.asyncProperty(edits, fc.boolean(), async ([edit, from, to], isCompressed) => {
      fc.pre(edit !== "swap" || from !== to);
      await rm(journal.path(file, ".jsonl.gz"), { force: true });
      const tampered = edited(lines, { edit, from, to });
      await journal.write(file, events);
      await writeFile(journal.path(file), tampered.map((line) => `${line}\n`).join(""));
      if (isCompressed) await journal.compressUnchecked(file);
      assert.equal((await journal.verify()).problems.length, 1);
    }),
    { numRuns: 150 },
  );
});

function edited(lines: readonly string[], { edit, from, to }: { edit: string; from: number; to: number }): string[] {
  const line = lines[from] ?? "";
  if (edit === "remove") return lines.toSpliced(from, 1);
  if (edit === "repeat") return lines.toSpliced(to, 0, line);
  return lines.with(from, lines[to] ?? "").with(to, line);
}

async function assertEveryChangeIsFound(journal: JournalUnderTest, { path, whole }: { path: string; whole: Buffer }) {
  assert.deepEqual((await journal.verify()).problems, []);
  const records = await journal.bytes(file);
  const change = fc.record({ at: fc.nat({ max: whole.length - 1 }), flip: fc.integer({ min: 1, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, flip }) => {
      const tampered = Buffer.from(whole);
      tampered.writeUInt8(tampered.readUInt8(at) ^ flip, at);
      await writeFile(path, tampered);
      const { problems } = await journal.verify();
      if (problems.length === 1) return;
      // Unused bits at the end of compressed data can change without changing a record
      assert.equal(problems.length, 0);
      assert.ok((await journal.bytes(file)).equals(records), "a change of a record was not found");
    }),
    { numRuns: 300 },
  );
}
