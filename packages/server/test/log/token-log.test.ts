import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenRecord } from "@carnet/core/token/token-record";
import { LogStalled } from "@carnet/server/log/log-output";
import { createTokenLog } from "@carnet/server/log/token-log";

const refusal = (requestId: string): TokenRecord => ({
  event: "token_refused",
  requestId,
  at: Date.UTC(2026, 0, 1),
  path: "/oauth2/token",
  address: "127.0.0.1",
  version: "2026-01-01",
  clientId: null,
  kind: "invalidClient",
  error: "invalid_client",
  reason: "unknown_credentials",
  detail: "no client\nwith this id",
});

function capture() {
  const written: string[] = [];
  const log = createTokenLog({ isStalled: false, record: async (lines) => void written.push(lines) });
  return { written, log };
}

test("the records of one turn are written together, one line each, before any of them resolves", async () => {
  const { written, log } = capture();
  const order: string[] = [];
  const recorded = ["r-1", "r-2"].map(async (id) => {
    await log.record(refusal(id));
    order.push(`${id} after ${written.length}`);
  });
  assert.deepEqual(written, []);
  await Promise.all(recorded);
  assert.deepEqual(order, ["r-1 after 1", "r-2 after 1"]);
  const lines = (written[0] ?? "").trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).requestId),
    ["r-1", "r-2"],
  );
  await log.record(refusal("r-3"));
  assert.equal(written.length, 2);
});

test("a refusal is a warning with the time of its request", async () => {
  const { written, log } = capture();
  await log.record(refusal("r-1"));
  const { level, time, event } = JSON.parse(written.join(""));
  assert.deepEqual([level, time, event], ["warn", "2026-01-01T00:00:00.000Z", "token_refused"]);
});

test("a record that cannot be written fails", async () => {
  const log = createTokenLog({ isStalled: false, record: () => Promise.reject(new Error("ENOSPC")) });
  await assert.rejects(async () => log.record(refusal("r-1")), /ENOSPC/);
});

test("a record is rejected while the log is stalled, and is not written later", async () => {
  const written: string[] = [];
  const output = { isStalled: true, record: async (lines: string) => void written.push(lines) };
  const log = createTokenLog(output);
  await assert.rejects(async () => log.record(refusal("r-1")), LogStalled);
  output.isStalled = false;
  await log.record(refusal("r-2"));
  assert.deepEqual(
    written.map((line) => JSON.parse(line).requestId),
    ["r-2"],
  );
});
