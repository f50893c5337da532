import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugEvent } from "@carnet/sdk";
import { runPending } from "./support/caching-sdk.ts";
import { connectionRefused, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";

const tokenServer = (headers: Record<string, string> = {}) =>
  network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : new Response("ok", { headers })));

test("the debug log shows method, URL without query, status, timing, and names of headers and fields only", async () => {
  const lines: [string, DebugEvent][] = [];
  const debugLogger = { debug: (message: string, event: DebugEvent) => void lines.push([message, event]) };
  const sdk = sdkFor(tokenServer({ "x-answer": "answer-value" }), { debugLogger });
  await sdk.fetch("/files?q=query-value", {
    method: "POST",
    headers: { "x-asked": "header-value" },
    body: "body-value",
  });
  assert.deepEqual(
    lines.map(([message]) => message),
    ["POST https://api.example.test/oauth2/token 200", "POST https://api.example.test/files 200"],
  );
  const [token, call] = lines.map(([, event]) => event);
  assert.deepEqual(token?.fields, ["grant_type", "client_id", "client_secret"]);
  assert.deepEqual(call?.headers, ["authorization", "user-agent", "x-asked", "x-version"]);
  assert.ok(call?.answerHeaders?.includes("x-answer"));
  assert.equal(call?.status, 200);
  assert.equal(call?.durationMs, 0);
  assert.doesNotMatch(JSON.stringify(lines), /query-value|header-value|body-value|answer-value|token-1|Bearer/);
  assert.ok(!JSON.stringify(lines).includes(CLIENT_SECRET));
});

test("the debug log shows the code of an error, and a logger that throws does not fail the call", async () => {
  const lines: DebugEvent[] = [];
  const net = network(connectionRefused);
  await failure(
    sdkFor(net, { debugLogger: { debug: (_, event) => void lines.push(event) } }).iam.tokenRequest({}, { retries: 0 }),
  );
  assert.equal(lines[0]?.status, "ConnectionError");
  assert.equal(lines[0]?.answerHeaders, undefined);
  const sdk = sdkFor(tokenServer(), { debugLogger: { debug: () => assert.fail("broken") } });
  assert.equal((await sdk.fetch("/x")).status, 200);
});

test("a logger that rejects causes no unhandled rejection", async () => {
  const rejections: unknown[] = [];
  const keep = (reason: unknown) => void rejections.push(reason);
  process.on("unhandledRejection", keep);
  try {
    const debugLogger = { debug: () => Object(Promise.reject(new Error("disk full"))) };
    assert.equal((await sdkFor(tokenServer(), { debugLogger }).fetch("/x")).status, 200);
    await runPending();
  } finally {
    process.off("unhandledRejection", keep);
  }
  assert.deepEqual(rejections, []);
});
