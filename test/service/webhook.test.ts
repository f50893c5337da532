// The service sends the events in its store to a webhook, and nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { startTestService } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { answerStatus, pathSecret, WebhookReceiver } from "@carnet/testkit/webhook-receiver";
import { storeEvents } from "../support/stored-event.ts";

const secretBytes = Buffer.from("the key of the webhooks in tests");
const CARNET_WEBHOOK_SECRET = `whsec_${secretBytes.toString("base64")}`;

suite("The webhook of the service", () => {
  test("gets each event once from two processes on one store, never a token request, and no proxy sees it", async () => {
    await using folder = await temporaryFolder();
    await using receiver = await WebhookReceiver.start();
    const proxy = "http://127.0.0.1:1"; // nothing listens there
    const env = { CARNET_WEBHOOK_URL: receiver.url, CARNET_WEBHOOK_SECRET, HTTP_PROXY: proxy, http_proxy: proxy };
    await using one = await serveCarnet({ folder: folder.path, env });
    await using two = await serveCarnet({ folder: folder.path, env });
    const admin = JSON.parse(readFileSync(folder.file("admin.json"), "utf8"));
    for (const secret of [admin.client_secret, "a wrong secret"]) {
      for (let request = 0; request < 5; request++) {
        await (await requestToken(one.url, admin.client_id, secret)).text();
      }
    }
    const ids = Array.from({ length: 250 }, (_, n) => `e${n}`);
    storeEvents(folder.file("carnet.db"), ids);
    while (receiver.ids.at(-1) !== ids.at(-1)) await receiver.requests(receiver.received.length + 1);
    assert.deepEqual(
      receiver.ids.filter((id) => ids.includes(id)),
      ids,
    );
    assert.ok(!receiver.received.some(({ body }) => body.includes('"event":"token_')));

    receiver.otherwise = () => {}; // never answers
    const soFar = receiver.received.length;
    storeEvents(folder.file("carnet.db"), ["last"]);
    await receiver.requests(soFar + 1);
    for (const { process } of [one, two]) process.kill("SIGTERM");
    for (const { process } of [one, two]) {
      const { code, stdout, stderr } = await process.finished();
      assert.equal(code, 0);
      for (const secret of [pathSecret, CARNET_WEBHOOK_SECRET.slice(6), secretBytes.toString(), admin.client_secret]) {
        assert.ok(!(stdout + stderr).includes(secret));
      }
    }
    const sent = receiver.received.map(({ body, headers }) => body + JSON.stringify(headers)).join("\n");
    for (const secret of [admin.client_secret, CARNET_WEBHOOK_SECRET.slice(6)]) assert.ok(!sent.includes(secret));

    receiver.otherwise = answerStatus(200);
    await using _ = await serveCarnet({ folder: folder.path, env });
    await receiver.requests(soFar + 2);
    assert.equal(receiver.ids.filter((id) => id === "last").length, 2, "it is sent again");
  });

  test("learns at the start of what ends soon", async () => {
    await using folder = await temporaryFolder();
    await using receiver = await WebhookReceiver.start();
    const registry = await openTestRegistry(folder.file("carnet.db"), { now: () => Date.now() });
    const expires_at = new Date(Date.now() + 5 * 86_400_000).toISOString();
    const registered = await registerClient({ client_id: "ending", expires_at }, registry);
    assert.ok(registered.ok);
    await registry.close();
    const settings = { webhookUrl: receiver.url, webhookSecret: CARNET_WEBHOOK_SECRET, dataDir: folder.path };
    await using _ = await startTestService({ settings });
    await receiver.requests(1);
    const events: Record<string, unknown>[] = receiver.received.flatMap(({ body }) => JSON.parse(body).events);
    const [{ client_id, secret_id, ends_at, within_days } = {}] = events.filter(
      ({ event }) => event === "credential_expiring",
    );
    assert.deepEqual([client_id, secret_id, ends_at, within_days], ["ending", null, expires_at, 7]);
  });
});
