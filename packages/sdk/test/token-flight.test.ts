import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestAbortedError, SDKError } from "@carnet/sdk";
import { cachingSdk, pausedNetwork, runPending, text } from "./support/caching-sdk.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { json, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

test("ten thousand concurrent calls make one request", async () => {
  const { sdk, net } = cachingSdk();
  const tokens = await Promise.all(Array.from({ length: 10_000 }, () => sdk.token()));
  assert.equal(net.sent.length, 1);
  assert.equal(new Set(tokens).size, 1);
});

test("one caller can abort while the shared request continues for the others", async () => {
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net);
  const leaving = new AbortController();
  const staying = new AbortController();
  const left = failure(sdk.token({ signal: leaving.signal }));
  const stays = sdk.token({ signal: staying.signal });
  await runPending();
  leaving.abort();
  assert.ok((await left) instanceof RequestAbortedError);
  answers[0]?.(tokenAnswer());
  assert.equal(text(await stays), "token-1");
  assert.equal(net.sent.length, 1);
});

test("when all callers have aborted, the request is aborted and the next caller starts a new one", async () => {
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net);
  const controller = new AbortController();
  const calls = [1, 2, 3].map(() => failure(sdk.token({ signal: controller.signal })));
  await runPending();
  controller.abort();
  await Promise.all(calls);
  await runPending();
  assert.equal(net.sent[0]?.signal?.aborted, true);
  const next = sdk.token();
  await runPending();
  answers[1]?.(tokenAnswer({ access_token: "second" }));
  assert.equal(text(await next), "second");
});

test("a caller without a signal keeps the shared request alive when the others abort", async () => {
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net);
  const controller = new AbortController();
  const stays = sdk.token();
  const left = failure(sdk.token({ signal: controller.signal }));
  await runPending();
  controller.abort();
  await left;
  answers[0]?.(tokenAnswer());
  assert.equal(text(await stays), "token-1");
});

test("forceRefresh gets a new token, which all later callers get", async () => {
  const { sdk, net } = cachingSdk();
  await sdk.token();
  assert.equal(text(await sdk.token({ forceRefresh: true })), "token-1");
  assert.equal(text(await sdk.token()), "token-1");
  assert.equal(net.sent.length, 2);
});

test("concurrent forced callers share a request but do not join an earlier one", async () => {
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net);
  const before = sdk.token();
  await runPending();
  const forced = [1, 2, 3].map(() => sdk.token({ forceRefresh: true }));
  await runPending();
  assert.equal(net.sent.length, 2);
  answers[1]?.(tokenAnswer({ access_token: "forced" }));
  assert.deepEqual((await Promise.all(forced)).map(text), ["forced", "forced", "forced"]);
  answers[0]?.(tokenAnswer({ access_token: "early" }));
  assert.equal(text(await before), "early");
  assert.equal(text(await sdk.token()), "forced");
});

test("a forced caller does not join a background refresh, even after an earlier forced one", async () => {
  const { net, answers } = pausedNetwork();
  const clock = new ManualClock();
  const sdk = sdkFor(net, { clock });
  const first = sdk.token({ forceRefresh: true });
  await runPending();
  answers[0]?.(tokenAnswer());
  await first;
  clock.advance(595_000 - 10_000);
  await sdk.token();
  await runPending();
  assert.equal(answers.length, 2);
  const forced = sdk.token({ forceRefresh: true });
  await runPending();
  answers[2]?.(tokenAnswer({ access_token: "token-2" }));
  assert.equal(answers.length, 3);
  assert.equal(text(await forced), "token-2");
});

test("a failed forced refresh keeps the cached token", async () => {
  const net = network((_, n) => (n === 0 ? tokenAnswer() : json({}, { status: 403 })));
  const sdk = sdkFor(net);
  const token = await sdk.token();
  assert.ok((await failure(sdk.token({ forceRefresh: true }))) instanceof SDKError);
  assert.equal(await sdk.token(), token);
});

test("after an invalidation a late response cannot overwrite a newer one", async () => {
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net);
  const early = sdk.token();
  await runPending();
  sdk.invalidateToken();
  const later = sdk.token();
  await runPending();
  answers[1]?.(tokenAnswer({ access_token: "new" }));
  assert.equal(text(await later), "new");
  answers[0]?.(tokenAnswer({ access_token: "late" }));
  assert.equal(text(await early), "late");
  assert.equal(text(await sdk.token()), "new");
  assert.equal(net.sent.length, 2);
});

test("after an invalidation a late response is not cached even if there is no newer one", async () => {
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net);
  const early = sdk.token();
  await runPending();
  sdk.invalidateToken();
  answers[0]?.(tokenAnswer({ access_token: "late" }));
  await early;
  const next = sdk.token();
  await runPending();
  answers[1]?.(tokenAnswer({ access_token: "new" }));
  assert.equal(text(await next), "new");
});

test("an invalidation aborts a background refresh that no caller waits for", async () => {
  const clock = new ManualClock();
  const net = network((_, n) => (n === 0 ? tokenAnswer() : new Promise<Response>(() => {})));
  const sdk = sdkFor(net, { clock });
  await sdk.token();
  clock.advance(590_000);
  await sdk.token();
  await runPending();
  sdk.invalidateToken();
  assert.equal(net.sent[1]?.signal?.aborted, true);
});

test("a caller that arrives just as the last one aborts starts a new request", async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const { net, answers } = pausedNetwork();
    const sdk = sdkFor(net);
    const controller = new AbortController();
    const left = failure(sdk.token({ signal: controller.signal }));
    await runPending();
    controller.abort();
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    const next = sdk.token();
    await runPending();
    for (const answer of answers) answer(tokenAnswer());
    assert.equal(text(await next), "token-1");
    assert.ok((await left) instanceof RequestAbortedError);
  }
});

test("invalidateToken drops only the given token", async () => {
  const { sdk, net } = cachingSdk();
  const one = await sdk.token({ scopes: "x" });
  const two = await sdk.token({ scopes: "y" });
  sdk.invalidateToken(one.accessToken);
  sdk.invalidateToken("another");
  assert.equal(await sdk.token({ scopes: "y" }), two);
  assert.notEqual(await sdk.token({ scopes: "x" }), one);
  assert.equal(net.sent.length, 3);
});

test("the cache is bounded: hundreds of scope sets do not grow it without limit", async () => {
  const { sdk, net } = cachingSdk({ scope: "" });
  for (let i = 0; i < 600; i++) await sdk.token({ scopes: `s${i}` });
  assert.equal(net.sent.length, 600);
  await sdk.token({ scopes: "s599" });
  assert.equal(net.sent.length, 600);
  await sdk.token({ scopes: "s0" });
  assert.equal(net.sent.length, 601);
});
