import assert from "node:assert/strict";
import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { hashOf } from "@carnet/server/journal/chain";
import { JournalFile } from "@carnet/server/journal/journal-file";
import { journalFiles } from "@carnet/server/journal/journal-files";
import type { PutHead } from "@carnet/server/journal/journal-sink";
import { assertAnchored, readChains } from "@carnet/testkit/journal-chains";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { openTestJournal } from "./support/test-journal.ts";

suite("the journal in a folder", () => {
  test("has each event as a line with the hash of the line before, written when record returns", async () => {
    await using at = await openTestJournal();
    for (const id of ["r-1", "r-2"]) {
      assert.equal(at.record(id), undefined);
      assert.equal(at.recorded().at(-1), id);
    }
    const [first = "", second = ""] = readFileSync(join(at.folder, "20261126-aaaa-1.jsonl"), "utf8").split("\n");
    assert.equal(JSON.parse(first).prev, hashOf("20261126-aaaa-1"));
    assert.equal(JSON.parse(second).prev, hashOf(first));
    assert.match(second, /,"prev":"[0-9a-f]{64}"\}$/);
  });

  test("can be accessed by its owner only", async () => {
    await using at = await openTestJournal();
    assert.equal(statSync(at.folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(at.folder, "20261126-aaaa-1.jsonl")).mode & 0o777, 0o600);
  });

  test("syncs every second what was written, and its folder for a new file", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    await at.journal.maintain();
    assert.deepEqual(at.files.operations, ["create", "sync", "syncFolder", "append", "sync"]);
    await at.journal.maintain();
    assert.equal(at.files.operations.length, 5, "nothing new, nothing to sync");
  });

  test("begins a new file each day by its clock, and ends the old one with a closed anchor", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    at.clock.set("2026-11-26T23:59:59.999Z");
    await at.journal.maintain();
    at.record("r-2");
    at.clock.advance(1);
    await at.journal.maintain();
    at.record("r-3");
    await at.journal.anchor();
    assert.deepEqual(
      readChains(at.folder).map(({ file, records }) => [file, records.length]),
      [
        ["20261126-aaaa-1", 2],
        ["20261127-aaaa-2", 1],
      ],
    );
    const states = [...at.anchors.values()].map(({ file, state }) => [file, state]);
    assert.deepEqual(states, [
      ["20261126-aaaa-1", "closed"],
      ["20261127-aaaa-2", "open"],
    ]);
    assertAnchored(at.folder, at.anchors.values());
  });

  test("does not begin a file when the clock is set back, and the times are those of the clock", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    at.clock.set("2026-11-24T12:00:00Z");
    await at.journal.maintain();
    at.record("r-2");
    await at.journal.anchor();
    assert.deepEqual(at.names(), ["20261126-aaaa-1.jsonl"]);
    const [{ records = [] } = {}] = readChains(at.folder);
    assert.deepEqual(
      records.map(({ time }) => time),
      ["2026-11-26T12:00:00.000Z", "2026-11-24T12:00:00.000Z"],
    );
    const { oldestAt, newestAt } = at.anchors.get("20261126-aaaa-1") ?? {};
    assert.deepEqual([oldestAt, newestAt], [Date.UTC(2026, 10, 24, 12), Date.UTC(2026, 10, 26, 12)]);
  });

  test("begins a new file when one has reached its size", async () => {
    await using at = await openTestJournal({ fileSize: 1000 });
    for (let number = 0; number < 6; number++) {
      at.record(`r-${number}`);
      await at.journal.maintain();
    }
    assert.ok(readChains(at.folder).length >= 2);
    assert.deepEqual(at.recorded(), ["r-0", "r-1", "r-2", "r-3", "r-4", "r-5"]);
    await at.journal.anchor();
    assertAnchored(at.folder, at.anchors.values());
  });

  test("is whole after it is closed, and its last anchor says that it is", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    await at.journal.close();
    await at.journal.anchor();
    const { records, state } = at.anchors.get("20261126-aaaa-1") ?? {};
    assert.deepEqual([records, state], [1, "closed"]);
    assertAnchored(at.folder, at.anchors.values());
  });

  test("has a file for each of two processes", async () => {
    await using one = await openTestJournal();
    await using other = await openTestJournal({ folder: one.folder, process: "bbbb" });
    one.record("one");
    other.record("other");
    assert.deepEqual(one.names(), ["20261126-aaaa-1.jsonl", "20261126-bbbb-1.jsonl"]);
    assert.deepEqual(one.recorded(), ["one", "other"]);
  });

  test("anchors only what is on disk", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    at.files.duringSync = () => {
      at.record("r-2");
      at.files.duringSync = () => {};
    };
    await at.journal.anchor();
    assert.equal(at.anchors.get("20261126-aaaa-1")?.records, 1);
    await at.journal.anchor();
    assert.equal(at.anchors.get("20261126-aaaa-1")?.records, 2);
  });

  test("renews the anchor of an idle process each minute, and not more often", async () => {
    const anchored: number[] = [];
    const putHead: PutHead = async ({ records }) => void anchored.push(records);
    await using at = await openTestJournal({ putHead });
    at.record("r-1");
    for (let seconds = 0; seconds <= 120; seconds += 5) {
      await at.journal.anchor();
      at.clock.advance(5000);
    }
    assert.deepEqual(anchored, [0, 1, 1, 1], "for the new file, the record, and two minutes");
    at.clock.advance(-86_400_000);
    await at.journal.anchor();
    assert.equal(anchored.length, 5, "a clock that is set back does not stop it");
  });

  test("goes on while the store is busy, and anchors everything later", async () => {
    let isBusy = false;
    const anchored: string[] = [];
    const putHead: PutHead = async ({ file, records, state }) => {
      if (isBusy) throw new Error("busy");
      anchored.push(`${file} ${records} ${state}`);
    };
    await using at = await openTestJournal({ putHead });
    isBusy = true;
    at.record("r-1");
    at.clock.advance(86_400_000);
    for (const id of ["r-2", "r-3"]) {
      await at.journal.maintain();
      await assert.rejects(at.journal.anchor(), /busy/);
      at.record(id);
    }
    assert.deepEqual(at.events(), ["journal_rotation_failed"], "logged once");
    assert.deepEqual(at.names(), ["20261126-aaaa-1.jsonl"]);
    isBusy = false;
    await at.journal.maintain();
    at.record("r-4");
    await at.journal.anchor();
    assert.deepEqual(anchored, [
      "20261126-aaaa-1 0 open",
      "20261127-aaaa-2 0 open",
      "20261126-aaaa-1 3 closed",
      "20261127-aaaa-2 1 open",
    ]);
  });
});

suite("a journal whose files are removed while it runs", () => {
  for (const [how, remove] of [
    ["its folder is removed", (folder: string) => rmSync(folder, { recursive: true })],
    ["its folder is renamed", (folder: string) => renameSync(folder, `${folder}.old`)],
    ["its file is removed", (folder: string) => rmSync(join(folder, "20261126-aaaa-1.jsonl"))],
    [
      "its file is replaced",
      (folder: string) => {
        rmSync(join(folder, "20261126-aaaa-1.jsonl"));
        writeFileSync(join(folder, "20261126-aaaa-1.jsonl"), "other\n");
      },
    ],
  ] as const) {
    test(`has every record again within a second: ${how}`, async () => {
      await using at = await openTestJournal();
      at.record("r-1");
      await at.journal.anchor();
      remove(at.folder);
      at.record("r-2");
      await at.journal.maintain();
      at.record("r-3");
      assert.deepEqual(at.recorded(), ["r-1", "r-2", "r-3"]);
      assert.deepEqual(at.events(), ["journal_file_restored"]);
      assert.equal(statSync(at.folder).mode & 0o777, 0o700);
      await at.journal.anchor();
      assertAnchored(at.folder, at.anchors.values());
      if (how.includes("replaced"))
        assert.equal(readFileSync(join(at.folder, "20261126-aaaa-1.jsonl.replaced"), "utf8"), "other\n");
    });
  }

  test("copies a large file, even while it grows", async () => {
    await using at = await openTestJournal({ fileSize: 2 ** 30 });
    const ids = Array.from({ length: 10_000 }, (_, number) => `r-${number}`);
    for (const id of ids) at.record(id);
    rmSync(at.folder, { recursive: true });
    const restored = at.journal.maintain();
    await new Promise((resolve) => setImmediate(resolve));
    at.record("during");
    await restored;
    assert.deepEqual(at.recorded(), [...ids, "during"]);
  });

  for (const bytes of [1000, 3 * 2 ** 20])
    test(`loses nothing that is appended while a file of ${bytes} bytes is put back`, async () => {
      await using temporary = await temporaryFolder();
      const file = new JournalFile(temporary.path, "x", journalFiles);
      let appended = 0;
      const append = () => file.append([{ json: JSON.stringify({ number: appended++ }), at: 1 }]);
      while (file.size < bytes) append();
      rmSync(temporary.file("x.jsonl"));
      let isRestored = false;
      const restored = file.restore().then(() => {
        isRestored = true;
      });
      for (let round = 0; !isRestored; round++) {
        append();
        await (round % 8 === 7 ? new Promise((resolve) => setImmediate(resolve)) : undefined);
      }
      await restored;
      append();
      file.close();
      const [chain] = readChains(temporary.path); // throws if the chain is broken
      assert.equal(chain?.records.length, appended);
    });

  test("keeps everything that took the place of its file, including a folder or a link", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    const path = join(at.folder, "20261126-aaaa-1.jsonl");
    const links = [() => symlinkSync(path, path), () => symlinkSync("nowhere", path)];
    const files = [() => writeFileSync(path, "one"), () => writeFileSync(path, "two"), () => mkdirSync(path)];
    const replacements = [...files, ...links];
    for (const replace of replacements) {
      rmSync(path);
      replace();
      await at.journal.maintain();
    }
    assert.equal(readFileSync(`${path}.replaced`, "utf8"), "one");
    assert.equal(readFileSync(`${path}.replaced-2`, "utf8"), "two");
    assert.ok(statSync(`${path}.replaced-3`).isDirectory());
    assert.deepEqual(
      [4, 5].map((number) => readlinkSync(`${path}.replaced-${number}`)),
      [path, "nowhere"],
    );
    at.record("r-2");
    assert.deepEqual(at.recorded(), ["r-1", "r-2"]);
  });

  test("loses nothing when it is closed before the removal was noticed", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    rmSync(at.folder, { recursive: true });
    await at.journal.close();
    await at.journal.anchor();
    assert.deepEqual(at.recorded(), ["r-1"]);
    assertAnchored(at.folder, at.anchors.values());
  });

  test("refuses requests while the file cannot be put back, and loses none of its records", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    rmSync(at.folder, { recursive: true });
    writeFileSync(at.folder, "not a folder");
    await at.journal.maintain();
    assert.ok(at.journal.isUnavailable);
    rmSync(at.folder);
    mkdirSync(at.folder, { mode: 0o700 });
    await at.journal.maintain();
    assert.ok(!at.journal.isUnavailable);
    assert.deepEqual(at.recorded(), ["r-1", "events_lost"]);
  });
});
