import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createEventIds } from "@carnet/server/audit/event-ids";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { openStore } from "@carnet/server/store/open-store";
import { postgresDialect } from "@carnet/server/store/postgres/postgres-dialect";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { sharedPostgres } from "@carnet/testkit/postgres-server";
import { plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { migratedDatabase } from "@carnet/testkit/test-database";

test("a flood of unknown secrets and probes leaves connections to the change feed and to admins", async () => {
  const url = await migratedDatabase(await sharedPostgres());
  const environment = { CARNET_STORE: url, CARNET_MASTER_KEY: randomBytes(32).toString("base64") };
  const configuration = loadConfiguration({ mode: "dev", flags: {}, environment, file: undefined });
  const eventIds = createEventIds({ bytes: (length) => randomBytes(length) });
  const { db, store } = await openStore(configuration, new FixedClock("2026-11-21T12:00:00Z"), eventIds);
  const seen: string[] = [];
  const feed = await postgresDialect.openChangeFeed(db, {
    changed: (clientId) => seen.push(clientId),
    missed: () => seen.push("everything"),
  });
  const flood = Array.from({ length: 400 }, () => store.findBySecret(randomBytes(32)));
  const probes = Array.from({ length: 400 }, () => store.check());
  const written = store.insert([plainClient("app")], withEvent());
  const polled = feed.poll();
  const outcomes = await Promise.allSettled([...flood, ...probes]);
  await polled;
  assert.equal((await written).kind, "inserted");
  await feed.poll();
  assert.deepEqual(seen, ["app"], "no poll has failed, and so nothing is read anew");
  const refused = outcomes.filter((outcome) => outcome.status === "rejected");
  assert.ok(refused.length > 0, "the flood was too large");
  for (const { reason } of refused)
    assert.ok(reason instanceof StoreUnavailable && /look-ups of secrets are in progress/.test(reason.message));
  await store.findBySecret(randomBytes(32)); // and those who come later are served
  await db.destroy();
});
