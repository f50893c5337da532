import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { ClientId } from "@carnet/protocol/ids";
import { QueueFull } from "@carnet/server/task-queue";
import {
  everything,
  issued,
  issuedMany,
  JournalUnderTest,
  linesOfFile,
  process,
  start,
} from "./support/journal-under-test.ts";

const file = `20261126-${process}-1`;
const facts = { requestId: "r-1", address: null };

/** One file with events of several kinds and actors. */
const mixed: readonly AuditEvent[] = [
  {
    event: "service_started",
    id: `${process}-0`,
    at: start,
    ...facts,
    requestId: null,
    actor: { type: "service" },
    version: "1",
    issuer: "i",
  },
  issued(1),
  issued(2, { clientId: "other" }),
  {
    event: "client_changed",
    id: `${process}-3`,
    at: start + 3000,
    ...facts,
    actor: { type: "cli" },
    outcome: "done",
    role: null,
    warning: null,
    objects: [
      {
        type: "client",
        id: "demo",
        clientId: null,
        owner: "payments",
        action: "changed",
        changes: { labels: { before: {}, after: { client_id: "labelled", event: "token_issued" } } },
      },
    ],
  },
  {
    event: "admin_refused",
    id: `${process}-4`,
    at: start + 4000,
    ...facts,
    requestId: 'quoted " and \\ and é',
    actor: { type: "client", clientId: "demo" as ClientId, secretId: null, jti: null },
    operation: "createClient",
    reason: "insufficient_scope",
    detail: 'a text with "client_id":"forged" in it',
    target: null,
    targetOwner: null,
    role: null,
    rule: null,
  },
];

const searches = [
  ["everything, newest first", {}, ["4", "3", "2", "1", "0"]],
  ["the newest, up to the limit", { limit: 2 }, ["4", "3"]],
  ["a client as actor and as object", { clientId: "demo" }, ["4", "3", "1"]],
  ["an actor only", { actor: "demo" }, ["4", "1"]],
  ["the command line as actor", { actor: "cli" }, ["3"]],
  ["the service as actor", { actor: "service" }, ["0"]],
  ["a request id", { requestId: "request-2" }, ["2"]],
  ["a request id with characters that JSON escapes", { requestId: 'quoted " and \\ and é' }, ["4"]],
  ["several kinds", { kinds: ["service_started", "client_changed"] as const }, ["3", "0"]],
  ["a client and a kind", { clientId: "demo", kinds: ["token_issued"] as const }, ["1"]],
  ["a range of time, without its end", { since: start + 1000, until: start + 3000 }, ["2", "1"]],
  ["what comes after a page", { before: { at: start + 3000, id: `${process}-3` } }, ["2", "1", "0"]],
  ["no client of a label or a text", { clientId: "labelled" }, []],
  ["no client whose name a text contains", { clientId: "forged" }, []],
  ["no client whose name only begins so", { clientId: "dem" }, []],
] as const;

for (const form of ["plain", "compressed"]) {
  for (const [what, query, ids] of searches) {
    test(`finds ${what} in a ${form} file`, async () => {
      await using journal = await JournalUnderTest.open();
      await journal.write(file, mixed);
      if (form === "compressed") await journal.keepHouse();
      assert.deepEqual(await journal.found(query), ids);
    });
  }
}

test("gives the event as JSON, without the hash", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, [issued(1)]);
  const [event] = await journal.search({});
  assert.deepEqual(
    { ...event, json: undefined },
    { id: `${process}-1`, at: start + 1000, event: "token_issued", json: undefined },
  );
  assert.equal(JSON.parse(event?.json ?? "").prev, undefined);
  assert.equal(JSON.parse(event?.json ?? "").request_id, "request-1");
});

test("merges the files of several processes by time, even if a clock was set back", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write("20261126-aaaaaaaaaaaa-1", [issued(5), issued(1), issued(3)]);
  await journal.write("20261126-bbbbbbbbbbbb-1", [issued(2), issued(4)], "open");
  assert.deepEqual(await journal.found({ limit: 1 }), ["5"]);
  assert.deepEqual(await journal.found({ limit: 2 }), ["5", "4"]);
  assert.deepEqual(await journal.found({ limit: 3 }), ["5", "4", "3"]);
  assert.deepEqual(await journal.found({ before: { at: start + 3000, id: `${process}-3` } }), ["2", "1"]);
});

test("pages through everything without a gap or a repetition", async () => {
  await using journal = await JournalUnderTest.open();
  const sameTime = issuedMany(0, 50).map((event) => ({ ...event, at: start }));
  await journal.write(file, sameTime);
  const seen: string[] = [];
  let before: { at: number; id: string } | null = null;
  for (;;) {
    const page = await journal.search({ before, limit: 7 });
    const last = page.at(-1);
    if (last === undefined) break;
    seen.push(...page.map(({ id }) => id));
    before = last;
  }
  assert.equal(seen.length, 50);
  assert.deepEqual(new Set(seen), new Set(sameTime.map(({ id }) => id)));
});

test("finds new records of a growing file, and skips one that is not finished", async () => {
  await using journal = await JournalUnderTest.open();
  const lines = linesOfFile(file, issuedMany(0, 2000)); // more than a block
  journal.anchor(file, [], { state: "open" });
  await writeFile(journal.path(file), lines.slice(0, 1500).join("\n"));
  assert.deepEqual(await journal.found({ limit: 1 }), [(1498).toString(36)]); // the last line has no newline
  await appendFile(journal.path(file), `\n${lines.slice(1500).join("\n")}\n`);
  assert.deepEqual(await journal.found({ limit: 1 }), [(1999).toString(36)]);
  assert.deepEqual(await journal.found({ requestId: "request-3" }), ["3"]);
});

test("finds a record that is longer than a block, and those around it", async () => {
  await using journal = await JournalUnderTest.open();
  const long = { ...issued(1), scope: "x".repeat(1_500_000) };
  const events = [issued(0), long, issued(2)];
  await journal.write(file, events);
  assert.deepEqual(await journal.found({}), ["2", "1", "0"]);
  await journal.keepHouse();
  assert.deepEqual(await journal.found({}), ["2", "1", "0"]);
  assert.deepEqual(await journal.found({ requestId: "request-1" }), ["1"]);
});

test("does not read files whose times are out of the range", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, issuedMany(0, 3));
  await writeFile(journal.path("20261125-aaaaaaaaaaaa-1", ".jsonl.gz"), "not compressed by Carnet");
  journal.anchor("20261125-aaaaaaaaaaaa-1", [issued(0, { at: start - 86_400_000 })]);
  assert.deepEqual(await journal.found({ since: start }), ["2", "1", "0"]);
  assert.deepEqual(await journal.found({ limit: 3 }), ["2", "1", "0"]);
  assert.deepEqual(journal.logged, []);
});

test("goes on without a damaged file, and logs how to check it", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, [issued(1)]);
  const damaged = "20261125-aaaaaaaaaaaa-1";
  journal.anchor(damaged, []);
  await writeFile(journal.path(damaged, ".jsonl.gz"), Buffer.alloc(10_000));
  assert.deepEqual(await journal.found({}), ["1"]);
  assert.equal(journal.logged[0]?.event, "journal_file_unread");
  assert.match(String(journal.logged[0]?.["detail"]), /carnet audit verify/);
});

for (const records of [1500, 2500]) {
  test(`finds the records of a file that somebody changed since the last search (${records} records)`, async () => {
    await using journal = await JournalUnderTest.open();
    await journal.write(file, issuedMany(0, 2000));
    await journal.found({});
    const longer = issuedMany(0, records).map((event) => ({ ...event, scope: "file:read file:write" }));
    await journal.write(file, longer);
    await journal.found({ requestId: "request-5" });
    assert.equal(journal.logged[0]?.event, "journal_file_unread");
    assert.deepEqual(await journal.found({ requestId: "request-5" }), ["5"]);
  });
}

for (const [what, damage] of [
  ["a member", (line: string) => line.replace('"path":', 'xpath":')],
  ["the start", (line: string) => line.replace('{"time"', '{"tame"')],
] as const) {
  test(`finds the other records of a file of which somebody changed ${what} of one, and names the file`, async () => {
    await using journal = await JournalUnderTest.open();
    const events = issuedMany(0, 5);
    const lines = linesOfFile(file, events);
    await writeFile(journal.path(file), lines.map((line, i) => `${i === 2 ? damage(line) : line}\n`).join(""));
    journal.anchor(file, events);
    const { events: found, unread } = await journal.reader.search(everything);
    assert.deepEqual(
      found.map(({ json }) => JSON.parse(json).request_id),
      ["request-4", "request-3", "request-1", "request-0"],
    );
    assert.deepEqual(unread, [file]);
    assert.match(String(journal.logged[0]?.["detail"]), /has a record that cannot be read/);
  });
}

test("goes on without a file that cannot be opened or read, and names it", async () => {
  await using journal = await JournalUnderTest.open();
  const unreadable = "20261125-aaaaaaaaaaaa-1";
  await journal.write(file, [issued(1)]);
  journal.anchor(unreadable, [], { state: "open" });
  await mkdir(journal.path(unreadable)); // reading a folder fails for every user, also for root
  const { events, unread } = await journal.reader.search(everything);
  assert.deepEqual([events.length, unread], [1, [unreadable]]);
  assert.match(String(journal.logged[0]?.["detail"]), /^The file cannot be read: .*EISDIR.* run `carnet audit verify`/);
});

for (const ending of [".jsonl", ".jsonl.gz"] as const) {
  test(`does not wait for a pipe that took the place of a ${ending} file, and names it`, {
    timeout: 10_000,
  }, async () => {
    await using journal = await JournalUnderTest.open();
    await journal.write(file, [issued(1)]);
    const pipe = "20261125-aaaaaaaaaaaa-1";
    journal.anchor(pipe, [issued(2)]);
    execFileSync("mkfifo", [journal.path(pipe, ending)]);
    assert.deepEqual(await journal.found({}), ["1"]);
    const [problem] = (await journal.verify()).problems;
    assert.equal(problem?.file, pipe);
  });
}

test("holds no more large events than a page has, and pages through all of them", async () => {
  await using journal = await JournalUnderTest.open();
  const large = Array.from({ length: 12 }, (_, i) => ({ ...issued(i), scope: "x".repeat(1024 * 1024) }));
  await journal.write(file, large);
  const first = await journal.found({ limit: 1000 });
  assert.deepEqual(first, ["b", "a", "9", "8"]); // more than four megabytes, together with the last of them
  assert.deepEqual(await journal.found({ limit: 1000, requestId: "request-2" }), ["2"]);
  const before = { at: start + 8000, id: `${process}-8` };
  assert.deepEqual(await journal.found({ limit: 1000, before }), ["7", "6", "5", "4"]);
});

test("finds nothing in a file that the store does not know: another store can share the folder", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, [issued(1)]);
  await journal.write("20261125-aaaaaaaaaaaa-1", [issued(2)]);
  journal.anchors.rows.delete(file);
  assert.deepEqual(await journal.found({}), ["2"]);
});

test("finds nothing in an empty folder, and in one that is missing", async () => {
  await using journal = await JournalUnderTest.open();
  assert.deepEqual(await journal.search({}), []);
  await rm(journal.folder, { recursive: true });
  assert.deepEqual(await journal.search({}), []);
});

test("refuses a search when too many wait, and goes on with the others", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, [issued(1)]);
  const searches = Array.from({ length: 12 }, () => journal.reader.search(everything));
  const outcomes = await Promise.allSettled(searches);
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 9);
  for (const outcome of outcomes) if (outcome.status === "rejected") assert.ok(outcome.reason instanceof QueueFull);
  assert.equal((await journal.search({})).length, 1);
});

test("finds each record once while its file is being compressed", async () => {
  await using journal = await JournalUnderTest.open();
  await journal.write(file, issuedMany(0, 1000));
  const compressing = journal.keepHouse();
  for (let i = 0; i < 20; i++) assert.equal((await journal.search({ limit: 2000 })).length, 1000);
  await compressing;
  assert.equal((await journal.search({ limit: 2000 })).length, 1000);
});
