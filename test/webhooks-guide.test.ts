// The receiver in the guide to webhooks takes what the service sends, once, and nothing that is forged.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { ChangedObject } from "@carnet/core/audit/event";
import { eventJson } from "@carnet/server/audit/event-json";
import { webhookBody } from "@carnet/server/webhook/webhook-message";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { startTestService } from "@carnet/testkit/service";
import { WebhookReceiver } from "@carnet/testkit/webhook-receiver";
import { blocksOf } from "./support/reader.ts";

const file = join(import.meta.dirname, "../examples/webhooks/receiver.ts");
const guide = readFileSync(join(import.meta.dirname, "../docs/guide/webhooks.md"), "utf8");
const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

const post = async (url: string, { body, headers }: { body: string; headers: Readonly<Record<string, string>> }) => {
  const signed = Object.entries(headers).filter(([name]) => name.startsWith("webhook-"));
  const response = await fetch(url, { method: "POST", body, headers: Object.fromEntries(signed) });
  await response.text();
  return response.status;
};

suite("the receiver in the guide to webhooks", () => {
  test("is the file that the guide names", () => {
    assert.ok(guide.includes(`\n\`\`\`ts\n${readFileSync(file, "utf8")}\`\`\`\n`));
  });

  test("the requests and events in the guide have the form of real ones", () => {
    const [request, expiring] = blocksOf("docs/guide/webhooks.md", "json").map((block) => JSON.parse(block));
    const [shown] = request.events;
    const facts = { at: Date.parse(shown.time), id: shown.id, requestId: shown.request_id, address: shown.address };
    const admin = { type: "client", clientId: clientIdOf("carnet-admin"), secretId: null, jti: "a1" } as const;
    const scope: ChangedObject = { ...shown.objects[0], clientId: null, owner: null };
    const put = { event: "scope_put", outcome: "done", role: shown.role, objects: [scope], warning: null } as const;
    const json = eventJson({ ...facts, actor: admin, ...put }, shown.node);
    assert.deepEqual(JSON.parse(webhookBody([json], 0)), request);
    const ending = { event: "credential_expiring", endsAt: Date.parse(expiring.ends_at), withinDays: 7 } as const;
    const whose = { clientId: clientIdOf(expiring.client_id), secretId: expiring.secret_id };
    const event = JSON.parse(eventJson({ ...facts, actor: { type: "service" }, ...ending, ...whose }, "iam-1"));
    assert.deepEqual({ ...event, ...expiring }, event);
  });

  test("prints each event that the service sends once, and refuses what is forged", async () => {
    await using example = new CarnetProcess([], {
      command: [process.execPath, file],
      env: { CARNET_WEBHOOK_SECRET: webhookSecret, PORT: "0" },
    });
    const [, address = ""] = await example.prints("stdout", /^Listening on (.*)\n/);
    const url = `http://127.0.0.1:${JSON.parse(address).port}/`;
    await using between = await WebhookReceiver.start();
    between.otherwise = async (response) => {
      const [request] = between.received.slice(-1);
      assert.ok(request);
      response.writeHead(await post(url, request)).end();
    };
    await using service = await startTestService({ settings: { webhookUrl: between.url, webhookSecret } });
    await service.register({ client_id: "app" });
    await example.prints("stdout", /T\S+Z client_created by cli\n/);
    const [sent] = between.received.filter(({ body }) => body.includes("client_created"));
    assert.ok(sent);
    assert.equal(await post(url, sent), 204);
    assert.equal(await post(url, { ...sent, body: sent.body.replace("app", "api") }), 401);
    assert.equal(await post(url, { ...sent, headers: {} }), 401);
    await service.register({ client_id: "other" });
    await example.prints("stdout", /client_created by cli\n.*client_created by cli\n/s);
    assert.equal(example.stdout.match(/client_created/g)?.length, 2);
    assert.equal(example.stderr, "");
  });
});
