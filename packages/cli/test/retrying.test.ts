import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { runCommand } from "./support/command-runner.ts";

test("carnet token says on standard error that it is retrying, and prints only the token", async () => {
  let requests = 0;
  const token = JSON.stringify({ access_token: "the-token", token_type: "Bearer", expires_in: 600, scope: "" });
  await using service = createServer((request, response) => {
    request.resume().on("end", () => {
      if (requests++ === 0) response.writeHead(503, { "Retry-After": "1" }).end();
      else response.writeHead(200, { "Content-Type": "application/json" }).end(token);
    });
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const env = {
    CARNET_SERVER_URL: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    CARNET_CLIENT_ID: "demo",
    CARNET_CLIENT_SECRET: "planted-secret-of-the-demo-client",
  };
  assert.deepEqual(await runCommand(["token"], { env }), {
    code: 0,
    signal: null,
    stdout: "the-token\n",
    stderr: "carnet: The service answered with status 503. Trying again in 1s, 2 of 6.\n",
  });
});

test("an admin command says after a 503 where the reason is, and does not wait for long", async () => {
  await using service = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(503, { "Retry-After": "10" }).end());
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const env = {
    CARNET_SERVER_URL: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    CARNET_ADMIN_CLIENT_ID: "x",
    CARNET_ADMIN_CLIENT_SECRET: "planted-secret-of-the-admin-client",
  };
  const { code, stderr } = await runCommand(["client", "list"], { env });
  assert.equal(code, 1);
  assert.match(stderr, /^carnet: .*503.*\n`GET \/health\/ready` of the service says what does not work, and its log/);
});
