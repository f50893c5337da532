import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFile, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { hashOf } from "@carnet/server/journal/chain";
import { compressFile } from "@carnet/server/journal/compress-file";
import { issued, issuedMany, JournalUnderTest, linesOfFile, process, start } from "./support/journal-under-test.ts";

const day = 86_400_000;
const file = `20261126-${process}-1`;
const second = `20261127-${process}-2`;
const events = issuedMany(0, 2000);

test("compresses closed files with the same bytes, for their owner only", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  const plain = await readFile(journal.path(file));
  await journal.keepHouse();
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl.gz`]);
  assert.ok(gunzipSync(await readFile(journal.path(file, ".jsonl.gz"))).equals(plain));
  assert.equal((await stat(journal.path(file, ".jsonl.gz"))).mode & 0o777, 0o600);
  assert.deepEqual((await journal.verify()).problems, []);
});

test("other tools decompress the files as well", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  const plain = await readFile(journal.path(file), "utf8");
  await journal.keepHouse();
  assert.equal(execFileSync("gzip", ["-dc", journal.path(file, ".jsonl.gz")], { encoding: "utf8" }), plain);
});

test("compresses a file again that somebody decompressed", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  await journal.keepHouse();
  execFileSync("gzip", ["-d", journal.path(file, ".jsonl.gz")]);
  assert.deepEqual((await journal.verify()).problems, []);
  await journal.keepHouse();
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl.gz`]);
});

test("leaves open files until their process was silent for ten minutes, and its own for ever", async () => {
  await using journal = await JournalUnderTest.open();
  const own = "20261126-cccccccccccc-1";
  await journal.write(own, [issued(1)], "open");
  await journal.write(file, [issued(1)], "open");
  const minute = 60_000;
  await journal.keepHouse({ now: start + 10 * minute, maxSize: 0, maxAge: minute });
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl`, `${own}.jsonl`]);
  await journal.keepHouse({ now: start + 11 * minute });
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl.gz`, `${own}.jsonl`]);
  assert.deepEqual((await journal.verify()).problems, []);
});

test("closes the files of a killed process whose clock was wrong", async () => {
  await using journal = await JournalUnderTest.open();
  const future = `20300101-${process}-1`;
  await journal.write(future, [issued(1)], "open");
  await journal.write(second, [issued(2, { at: start + 1000 * day })], "open");
  await journal.keepHouse({ now: start + 20 * 60_000 });
  assert.deepEqual(await readdir(journal.folder), [`${second}.jsonl.gz`, `${future}.jsonl.gz`]);
});

test("does not compress a file whose process was only paused, and went on", async () => {
  await using journal = await JournalUnderTest.open();
  const longer = [...events, issued(3000)];
  await journal.write(file, events);
  const [anchor] = await journal.anchors.list();
  assert.ok(anchor !== undefined);
  await journal.write(file, longer);
  const list = async () => [...journal.anchors.rows.values()];
  const { folder, log, broken } = journal;
  // The file was read before the process wrote again
  await writeFile(
    journal.path(file),
    linesOfFile(file, events)
      .map((line) => `${line}\n`)
      .join(""),
  );
  await compressFile({ folder, log, broken, anchors: { list } }, { file: { name: file, isCompressed: false }, anchor });
  assert.deepEqual(await readdir(folder), [`${file}.jsonl`]);
});

test("forgets a file that a killed process announced and never made", async () => {
  await using journal = await JournalUnderTest.open();
  journal.anchor(file, [], { state: "open" });
  await journal.keepHouse({ now: start });
  assert.equal(journal.anchors.rows.size, 1);
  assert.deepEqual((await journal.verify()).problems, []);
  await journal.keepHouse();
  assert.equal(journal.anchors.rows.size, 0);
});

test("closes and compresses the file that a killed process left, without the part of a record at its end", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events, "open");
  journal.anchor(file, events.slice(0, 10), { state: "open" });
  await appendFile(journal.path(file), '{"time":"2026-');
  await journal.keepHouse();
  const whole = linesOfFile(file, events);
  assert.equal((await journal.bytes(file)).toString(), whole.map((line) => `${line}\n`).join(""));
  assert.deepEqual(journal.anchors.rows.get(file), {
    file,
    node: "node-1",
    records: 2000,
    hash: hashOf(whole.at(-1) ?? ""),
    oldestAt: start,
    newestAt: start + 1_999_000,
    anchoredAt: start + 9000,
    state: "closed",
  });
  assert.deepEqual((await journal.verify()).problems, []);
});

for (const state of ["open", "closed"] as const) {
  test(`leaves a broken file as it is, and logs it (${state})`, async () => {
    await using journal = await JournalUnderTest.open();
    await journal.write(file, events, state);
    const broken = (await readFile(journal.path(file), "utf8")).replace("198.51.100.7", "198.51.100.8");
    await writeFile(journal.path(file), broken);
    await journal.keepHouse();
    assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl`]);
    assert.equal(await readFile(journal.path(file), "utf8"), broken);
    assert.equal(journal.anchors.rows.get(file)?.state, state);
    assert.deepEqual(
      journal.logged.map(({ event, record }) => ({ event, record })),
      [{ event: "journal_file_broken", record: 1 }],
    );
  });
}

test("leaves a file that the store does not know", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  journal.anchors.rows.clear();
  await journal.keepHouse({ maxSize: 0, maxAge: 0 });
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl`]);
});

test("finishes a compression that a crash interrupted after the new file was placed", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  const plain = await readFile(journal.path(file));
  await journal.keepHouse();
  await writeFile(journal.path(file), plain);
  const { files, records, problems } = await journal.verify();
  assert.deepEqual({ files, records, problems }, { files: 1, records: 2000, problems: [] });
  await journal.keepHouse();
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl.gz`]);
});

test("does not bring back a file that another process deleted while it was compressed", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  const [anchor] = await journal.anchors.list();
  assert.ok(anchor !== undefined);
  const { folder, log, broken } = journal;
  const ports = { folder, log, broken, anchors: { list: async () => [] } };
  await compressFile(ports, { file: { name: file, isCompressed: false }, anchor });
  assert.deepEqual(await readdir(folder), [`${file}.jsonl`]);
});

test("removes the drafts that a crash left, but not those of another process", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, events);
  const drafts = [`${file}.jsonl.gz.new`, `${second}.jsonl.new`];
  for (const draft of drafts) {
    await writeFile(journal.path(draft, ""), "half a file");
    await utimes(journal.path(draft, ""), start / 1000, start / 1000);
  }
  await journal.keepHouse({ now: start + 60_000 });
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl`, ...drafts]);
  await journal.keepHouse({ now: start + day });
  assert.deepEqual(await readdir(journal.folder), [`${file}.jsonl.gz`]);
});

test("two processes can do it at once", async () => {
  await using journal = await JournalUnderTest.open();
  const names = Array.from({ length: 8 }, (_, i) => `20261126-${process}-${i}`);
  for (const name of names) await journal.write(name, events, "open");
  await Promise.all([journal.keepHouse(), journal.keepHouse(), journal.keepHouse()]);
  await journal.keepHouse();
  assert.deepEqual(
    await readdir(journal.folder),
    names.map((name) => `${name}.jsonl.gz`),
  );
  const { problems, records } = await journal.verify();
  assert.deepEqual({ problems, records }, { problems: [], records: 16_000 });
});
