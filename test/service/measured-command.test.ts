import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startFakeCollector } from "@carnet/testkit/fake-collector";
import { freePort } from "@carnet/testkit/free-port";
import { scrape, sumOf } from "@carnet/testkit/scrape";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

// What is loaded on demand must be in the bundle as well
test("carnet serve serves metrics and sends traces, the last of them when it stops", async () => {
  await using folder = await temporaryFolder();
  await using collector = await startFakeCollector();
  const port = await freePort();
  const env = { CARNET_MANAGEMENT_PORT: String(port), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  await using carnet = await serveCarnet({ folder: folder.file("data"), env });
  const admin = JSON.parse(readFileSync(folder.file("data/admin.json"), "utf8"));
  assert.equal((await requestToken(carnet.url, admin.client_id, admin.client_secret)).status, 200);
  assert.equal(sumOf(await scrape(`http://127.0.0.1:${port}`), "carnet_tokens_issued_total"), 1);
  carnet.process.kill("SIGTERM");
  assert.equal((await carnet.process.finished()).code, 0);
  assert.ok(collector.spans().some(({ name }) => name === "POST /oauth2/token"));
});
