// Delivers the events of a store to a receiver, until the test kills it.
import { Redacted } from "@carnet/protocol/redacted";
import { createLog } from "@carnet/server/log/logger";
import { createSqlWebhookQueue } from "@carnet/server/store/sql/webhook-store";
import { createWebhook } from "@carnet/server/webhook/webhook";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { openByUrl } from "@carnet/testkit/test-database";

const [, , store = "", url = "", time = ""] = process.argv;
const { db, dialect } = await openByUrl(store);
const webhook = createWebhook({
  queue: createSqlWebhookQueue(db, dialect),
  url: new Redacted(url),
  key: new Redacted(new Uint8Array(32)),
  clock: new FixedClock(time),
  random: new SeededRandom(),
  log: createLog("debug", process.stdout),
  timeout: 60_000,
});
await webhook.deliver();
