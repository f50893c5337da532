import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi } from "../support/admin-api.ts";

test("the answer to a request with an Idempotency-Key, which has the secret, is gone from the files a minute after it expired", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  await using service = await startTestService({ clock, settings: { accessTokenTtl: "86400" } });
  const api = await AdminApi.of(service);
  const sealed = () => {
    using database = new DatabaseSync(join(service.folder, "carnet.db"), { readOnly: true });
    return database
      .prepare("select sealed from kept_answers")
      .all()
      .map((row) => Buffer.from(Object(row).sealed));
  };
  const files = () => ["", "-wal"].map((suffix) => readFileSync(join(service.folder, `carnet.db${suffix}`)));

  const created = { small: {}, "of several pages": { labels, ip_allowlist: blocks } };
  for (const [key, body] of Object.entries(created)) {
    const headers = { "idempotency-key": key.replaceAll(" ", "-") };
    for (const replayed of [null, "true"]) {
      const answer = await api.expect(201, "POST", "/clients", { body, headers });
      assert.equal(answer.headers.get("idempotency-replayed"), replayed);
    }
  }
  const before = sealed();
  assert.equal(before.length, 2);
  assert.ok(before.some(({ length }) => length < 2000) && before.some(({ length }) => length > 4096));
  for (const bytes of before) assert.ok(files().some((file) => file.includes(bytes.subarray(0, 64))));

  clock.advance(10 * 60_000);
  t.mock.timers.tick(60_000);
  const traces = before.flatMap((bytes) => [bytes.subarray(0, 64), bytes.subarray(-64)]);
  const remains = () => sealed().length > 0 || files().some((file) => traces.some((trace) => file.includes(trace)));
  for (let turns = 0; remains(); turns++) {
    assert.ok(turns < 1000, "rows or their bytes are still there");
    await nextTurn();
  }
});

const labels = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`label-${at}`, "x".repeat(255)]));
const blocks = Array.from({ length: 100 }, (_, at) => `2001:db8:${at.toString(16)}:1:1:1:1::/112`);
