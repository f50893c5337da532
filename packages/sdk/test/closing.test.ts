import assert from "node:assert/strict";
import { test } from "node:test";
import { HTTPClient, InvalidRequestError, RequestAbortedError, type SDKOptions } from "@carnet/sdk";
import { network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

const tokenServer = (headers: Record<string, string> = {}) =>
  network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : new Response("ok", { headers })));

test("a closed SDK rejects calls, aborts its token requests and drops its tokens", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const net = network((sent: Sent) => {
    signals.push(sent.signal);
    return new Promise<Response>(() => {});
  });
  const sdk = sdkFor(net);
  const waiting = failure(sdk.token());
  await new Promise((resolve) => setImmediate(resolve));
  await sdk[Symbol.asyncDispose]();
  assert.ok((await waiting) instanceof RequestAbortedError);
  assert.equal(signals[0]?.aborted, true);
  for (const call of [sdk.token(), sdk.fetch("/x"), sdk.iam.tokenRequest()]) {
    const error = await failure(call);
    assert.ok(error instanceof InvalidRequestError);
    assert.equal(error.message, "sdk is closed.");
  }
});

test("disposing twice has no further effect", async () => {
  const sdk = sdkFor(tokenServer());
  await sdk[Symbol.asyncDispose]();
  await sdk[Symbol.asyncDispose]();
});

test("the caller's httpClient is not closed", async () => {
  const options: SDKOptions[] = [{}, { hooks: { response: () => {} } }];
  for (const more of options) {
    const close = () => assert.fail("was closed");
    const client = new HTTPClient({ fetch: tokenServer().fetch });
    const httpClient = Object.assign(client, { close, [Symbol.asyncDispose]: close, [Symbol.dispose]: close });
    const sdk = sdkFor(tokenServer(), { httpClient, ...more });
    await sdk.token();
    await sdk[Symbol.asyncDispose]();
    assert.equal((await httpClient.request("https://h.test/x")).status, 200);
  }
});
