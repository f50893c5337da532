import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenRecord } from "@carnet/core/token/token-record";
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

test("records of one turn are written together, a line each, before any of them is kept", async () => {
  const written: string[] = [];
  const log = createTokenLog({ write: (text) => void written.push(text) });
  const order: string[] = [];
  const kept = ["r-1", "r-2"].map(async (id) => {
    await log.record(refusal(id));
    order.push(`${id} after ${written.length}`);
  });
  assert.deepEqual(written, []);
  await Promise.all(kept);
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
  const written: string[] = [];
  await createTokenLog({ write: (text) => void written.push(text) }).record(refusal("r-1"));
  const { level, time, event } = JSON.parse(written.join(""));
  assert.deepEqual([level, time, event], ["warn", "2026-01-01T00:00:00.000Z", "token_refused"]);
});

test("a record that cannot be written is not kept, and a later one is tried anew", async () => {
  let full = true;
  const log = createTokenLog({
    write() {
      if (full) throw new Error("ENOSPC");
    },
  });
  await assert.rejects(async () => log.record(refusal("r-1")), /ENOSPC/);
  full = false;
  await log.record(refusal("r-2"));
});
