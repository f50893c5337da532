import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { answerStarting } from "@carnet/server/http/starting";

const random = { bytes: (length: number) => new Uint8Array(length), uuid: () => "an-id" };

async function startingService() {
  const server = createServer(answerStarting(random, () => "the database does not answer"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => void (await once(server.close(), "close")),
  };
}

test("a service that waits for its store is alive, and says why it is not ready", async () => {
  await using service = await startingService();
  assert.equal((await fetch(`${service.url}/health/live`)).status, 200);
  const ready = await fetch(`${service.url}/health/ready`);
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), { status: "starting", store: false, detail: "the database does not answer" });
});

test("it answers 503 with Retry-After for anything else, in the format of the path, and reads no body", async () => {
  await using service = await startingService();
  const token = await fetch(`${service.url}/oauth2/token`, { method: "POST", body: "grant_type=client_credentials" });
  assert.equal(token.status, 503);
  assert.equal(token.headers.get("retry-after"), "2");
  assert.equal(token.headers.get("connection"), "close");
  assert.equal(token.headers.get("x-request-id"), "an-id");
  assert.equal((await token.json()).error, "temporarily_unavailable");
  const admin = await fetch(`${service.url}/admin/v1/clients`);
  assert.equal(admin.status, 503);
  assert.match(admin.headers.get("content-type") ?? "", /problem\+json/);
  await admin.arrayBuffer();
});
