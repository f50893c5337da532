import assert from "node:assert/strict";
import { test } from "node:test";
import { hashOf } from "@carnet/server/journal/chain";
import { fileLine } from "@carnet/server/journal/file-line";
import type { JournalAnchor } from "@carnet/server/journal/journal-anchors";
import { verifyLines } from "@carnet/server/journal/verify-lines";
import { issuedMany, linesOfFile, node, process, start } from "./support/journal-under-test.ts";

const name = `stdout-${process}`;
const otherName = "stdout-aaaaaaaaaaaa";
const lines = linesOfFile(name, issuedMany(0, 10));
const otherLines = linesOfFile(
  otherName,
  issuedMany(0, 10).map((event) => ({ ...event, id: event.id.replace(process, "aaaaaaaaaaaa") })),
);
const mixed = lines.flatMap((line, i) => [line, '{"level":"info","event":"listening"}', otherLines[i] ?? "", "text"]);

const anchor = (records: number, of = lines, file = name): JournalAnchor => ({
  file,
  node,
  records,
  hash: hashOf(of[records - 1] ?? ""),
  oldestAt: start,
  newestAt: start + (records - 1) * 1000,
  anchoredAt: 0,
  state: "closed",
});

test("checks the chains of several processes among other log lines", async () => {
  const anchors = [anchor(10), anchor(8, otherLines, otherName)];
  assert.deepEqual(await verifyLines(mixed, { anchors, node }), {
    chains: 2,
    records: 20,
    otherLines: 20,
    problems: [],
    notes: [],
  });
});

test("names the first broken record of each process", async () => {
  const tampered = mixed.toSpliced(8, 1).map((line) => (line === otherLines[5] ? line.replace("demo", "dem0") : line));
  const { problems } = await verifyLines(tampered);
  assert.deepEqual(
    problems.map(({ file, record }) => ({ file, record })),
    [
      { file: name, record: 2 },
      { file: otherName, record: 6 },
    ],
  );
});

test("notes a chain whose start is not in the lines, and checks the rest", async () => {
  const { problems, notes } = await verifyLines(lines.slice(4), { anchors: [anchor(9)], node });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    notes.map(({ file, record }) => ({ file, record })),
    [{ file: name, record: 1 }],
  );
});

test("finds an end that is missing, by the anchor", async () => {
  for (const shipped of [lines.slice(0, 8), lines.slice(4, 8)]) {
    const { problems } = await verifyLines(shipped, { anchors: [anchor(10)], node });
    assert.deepEqual(
      problems.map(({ file, record }) => ({ file, record })),
      [{ file: name, record: shipped.length + 1 }],
    );
  }
});

test("finds a chain of which nothing is left, by the anchor", async () => {
  const { problems } = await verifyLines(lines, { anchors: [anchor(10), anchor(10, otherLines, otherName)], node });
  assert.deepEqual(
    problems.map(({ file, record }) => ({ file, record })),
    [{ file: otherName, record: null }],
  );
});

test("only notes chains of other times and other nodes, such as those before the last restart", async () => {
  const anchors = [
    anchor(10),
    { ...anchor(10, otherLines, otherName), oldestAt: 0, newestAt: start - 1 },
    { ...anchor(10, otherLines, "stdout-bbbbbbbbbbbb"), newestAt: start + 3_600_000 },
    { ...anchor(10, otherLines, "stdout-cccccccccccc"), node: "node-2" },
  ];
  const { problems, notes } = await verifyLines(lines, { anchors, node });
  assert.deepEqual(problems, []);
  const detail =
    "Its records, and those of 2 more chains, were not checked: they are of another time than these lines, or another node.";
  assert.deepEqual(notes, [{ file: otherName, record: null, detail }]);
});

test("checks the files of an export one after another, whatever their names and dates are", async () => {
  const names = [`20261126-${process}-1`, `20200101-${process}-1002`];
  const exported = names.flatMap((file, at) => [
    fileLine(file),
    ...linesOfFile(file, issuedMany(at * 10, at * 10 + 10)),
  ]);
  const { chains, records, problems, notes } = await verifyLines(exported);
  assert.deepEqual([chains, records, problems, notes], [2, 20, [], []]);
  const removed = await verifyLines(exported.toSpliced(15, 1));
  assert.deepEqual(
    removed.problems.map(({ file, record }) => ({ file, record })),
    [{ file: names[1], record: 3 }],
  );
});

test("names a file that could not be exported", async () => {
  const name = `20261126-${process}-1`;
  const exported = [fileLine(name), ...linesOfFile(name, issuedMany(0, 3)), fileLine(name, "The file is damaged.")];
  const { records, otherLines, problems } = await verifyLines(exported);
  assert.deepEqual([records, otherLines], [3, 0]);
  const detail = "It is not in the export, or not to its end. The file is damaged.";
  assert.deepEqual(problems, [{ file: name, record: null, detail }]);
});

test("does not compare lines with the anchors of files", async () => {
  assert.deepEqual(
    (await verifyLines(lines, { anchors: [anchor(10, lines, `20261126-${process}-1`)], node })).problems,
    [],
  );
});
