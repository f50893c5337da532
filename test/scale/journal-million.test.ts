import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import type { EventQuery } from "@carnet/core/audit/event-store";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { eventJson } from "@carnet/server/audit/event-json";
import { chainedLine, hashOf } from "@carnet/server/journal/chain";
import { keepHouse } from "@carnet/server/journal/housekeeping";
import type { JournalAnchor } from "@carnet/server/journal/journal-anchors";
import type { JournalReader } from "@carnet/server/journal/journal-reader";
import { openJournalReader } from "@carnet/server/journal/open-journal-reader";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

/**
 * Searches and checks a large journal, plain and compressed: a million records in `npm run soak`. It prints the times.
 */

const records = Number(process.env["JOURNAL_RECORDS"] ?? 50_000);
const recordsInFile = 115_000; // about 64 MiB
const clients = 300;
const start = Date.parse("2026-11-26T10:00:00Z");
const middle = { requestId: "the-request-in-the-middle", at: start + Math.floor(records / 2) };

/** A search of a million records must take less than two seconds; a small journal must not hide a slow search. */
const longestSearch = Math.max(1000, records / 500);
/** What a search may need besides what it finds, in bytes: a few blocks, and the garbage between two collections. */
const mostMemory = 160 * 1024 * 1024;
/** What requests may wait for a search. Alone on a machine it is about 3 milliseconds; other tests run beside this. */
const longestBlock = 50;

const everything: EventQuery = {
  ...{ clientId: null, actor: null, requestId: null, kinds: [], since: null, until: null, before: null, limit: 100 },
};

const searches: readonly (readonly [string, Partial<EventQuery>, number])[] = [
  ["one request", { requestId: middle.requestId }, 1],
  ["no such request", { requestId: "missing" }, 0],
  ["the newest of a client", { clientId: "client-7" }, 100],
  ["no such client", { clientId: "client-none" }, 0],
  ["the newest of all", {}, 100],
  ["no such kind", { kinds: ["token_refused", "admin_refused"] }, 0],
  ["no such kind of a client", { clientId: "client-7", kinds: ["token_refused"] }, 0],
  ["a moment", { since: middle.at, until: middle.at + 10 }, 10],
  ["a moment long ago", { since: 0, until: 1 }, 0],
  ["a page in the middle", { before: { at: middle.at, id: "" } }, 100],
];

test("searches, verifies and compresses a large journal without delaying requests", async (context) => {
  await using folder = await temporaryFolder();
  const anchors = await writeJournal(folder.path);
  const log = {
    info: () => {},
    warn: () => {},
    fault: (event: string, error: unknown) => assert.fail(`${event} ${error}`),
  };
  const ports = { folder: folder.path, anchors: memoryAnchors(anchors), log, node: "node-1", clock: undefined };
  const reader = openJournalReader(ports);
  await assertSearches(reader, { context, form: "plain" });
  await assertVerification(reader, { context, form: "plain" });
  await measured(
    () =>
      keepHouse({ ...ports, broken: new Set(), process: "", maxAge: Number.MAX_SAFE_INTEGER, maxSize: 1e15 }, start),
    {
      context,
      what: "compressing",
    },
  );
  for (const { file } of anchors) await stat(`${folder.path}/${file}.jsonl.gz`);
  await assertSearches(openJournalReader(ports), { context, form: "compressed" });
  await assertVerification(reader, { context, form: "compressed" });
});

interface Reporting {
  readonly context: { diagnostic(message: string): void };
  readonly form: string;
}

async function assertSearches(reader: JournalReader, { context, form }: Reporting): Promise<void> {
  for (const [what, query, expected] of searches) {
    const search = () => reader.search({ ...everything, ...query });
    const { value, took, memory } = await measured(search, { context, what: `${form}: ${what}` });
    assert.equal(value.events.length, expected, what);
    assert.ok(took < longestSearch, `${form}: ${what}: ${took} ms`);
    assert.ok(memory < mostMemory, `${form}: ${what}: ${memory} bytes`);
  }
}

async function assertVerification(reader: JournalReader, { context, form }: Reporting): Promise<void> {
  const verify = async () => {
    for await (const step of reader.verify()) if (step.type === "result") return step;
    return undefined;
  };
  const { value } = await measured(verify, { context, what: `${form}: verify` });
  assert.deepEqual(value?.problems, []);
  assert.equal(value?.records, records);
}

/** Runs something, and asserts that the event loop was never blocked for long. */
async function measured<Value>(
  work: () => Promise<Value>,
  { context, what }: { context: Reporting["context"]; what: string },
): Promise<{ value: Value; took: number; memory: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = process.memoryUsage().rss;
  delay.enable();
  const began = performance.now();
  const value = await work();
  const took = performance.now() - began;
  delay.disable();
  const memory = process.memoryUsage().rss - before;
  const [longest, usual] = [delay.max / 1e6, delay.percentile(99) / 1e6];
  context.diagnostic(
    `${what}: ${took.toFixed()} ms, blocked for ${longest.toFixed(1)} ms (99 %: ${usual.toFixed(1)} ms), ${(memory / 1e6).toFixed()} MB`,
  );
  assert.ok(usual < longestBlock, `${what}: blocked for ${usual} ms`);
  return { value, took, memory };
}

async function writeJournal(folder: string): Promise<JournalAnchor[]> {
  const anchors: JournalAnchor[] = [];
  for (let from = 0; from < records; from += recordsInFile) {
    const file = `20261126-3f9a0c1b2d4e-${anchors.length + 1}`;
    const to = Math.min(records, from + recordsInFile);
    const chain = { hash: hashOf(file) };
    await pipeline(linesOf({ from, to }, chain), createWriteStream(`${folder}/${file}.jsonl`, { mode: 0o600 }));
    const times = { oldestAt: start + from, newestAt: start + to - 1, anchoredAt: start + to };
    anchors.push({ file, node: "node-1", records: to - from, hash: chain.hash, ...times, state: "closed" });
  }
  return anchors;
}

function* linesOf({ from, to }: { from: number; to: number }, chain: { hash: string }): Generator<string> {
  for (let i = from; i < to; i++) {
    const line = chainedLine(tokenJson(i), chain.hash);
    chain.hash = hashOf(line);
    yield `${line}\n`;
  }
}

function tokenJson(i: number): string {
  const client = (i * 7919) % clients;
  const at = start + i;
  return eventJson(
    {
      event: "token_issued",
      id: `3f9a0c1b2d4e-${i.toString(36)}`,
      at,
      requestId: at === middle.at ? middle.requestId : randomUUID(),
      actor: {
        type: "client",
        clientId: `client-${client}` as ClientId,
        secretId: `3k2m9q7x${client}` as SecretId,
        jti: randomUUID(),
      },
      address: `198.51.100.${client % 250}`,
      path: "/oauth2/token",
      version: "2026-01-01",
      keyId: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
      scope: "file:read file:write",
      expiresAt: Math.floor(at / 1000) + 600,
      askedScope: null,
    },
    "node-1",
  );
}

const memoryAnchors = (anchors: readonly JournalAnchor[]) => ({
  list: async () => anchors,
  close: async () => {},
  markDeleting: async () => {},
  delete: async () => {},
});
