import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestAbortedError } from "@carnet/sdk";
import { cachingSdk, pausedNetwork, runPending, text } from "./support/caching-sdk.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { json, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

test("a token is refreshed in the background a fifth of its lifetime early, at most 60 s, while the old one is served", async () => {
  for (const [lifetime, ahead] of [
    [100, 20],
    [300, 60],
    [600, 60],
    [86_400, 60],
  ] as const) {
    const { sdk, clock, net } = cachingSdk({ expires_in: lifetime }, { random: () => 0 });
    await sdk.token();
    clock.advance((lifetime - ahead) * 1000 - 1);
    await sdk.token();
    await runPending();
    assert.equal(net.sent.length, 1);
    clock.advance(1);
    assert.equal(text(await sdk.token()), "token-0");
    await runPending();
    assert.equal(net.sent.length, 2);
    assert.equal(text(await sdk.token()), "token-1");
  }
});

test("a token with an endless lifetime has the latest date there is", async () => {
  const { sdk } = cachingSdk({ expires_in: 2 ** 63 });
  const { expiresAt, expiresIn } = await sdk.token();
  assert.equal(expiresAt?.toISOString(), "+275760-09-13T00:00:00.000Z");
  assert.equal(expiresIn, 2 ** 63);
});

test("the refresh is jittered: it starts up to half of that time later", async () => {
  const { sdk, clock, net } = cachingSdk({}, { random: () => 0.999_999 });
  await sdk.token();
  clock.advance(569_999);
  await sdk.token();
  await runPending();
  assert.equal(net.sent.length, 1);
  clock.advance(1);
  await sdk.token();
  await runPending();
  assert.equal(net.sent.length, 2);
});

test("many calls near the end of a token start one refresh", async () => {
  const { sdk, clock, net } = cachingSdk();
  await sdk.token();
  clock.advance(590_000);
  const tokens = await Promise.all(Array.from({ length: 1000 }, () => sdk.token()));
  assert.deepEqual([...new Set(tokens.map(text))], ["token-0"]);
  await runPending();
  assert.equal(net.sent.length, 2);
});

test("nothing is requested while there are no calls", async () => {
  const { sdk, clock, net } = cachingSdk();
  await sdk.token();
  clock.advance(1_000_000);
  await runPending();
  assert.equal(net.sent.length, 1);
  assert.equal(clock.timers.size, 0);
});

test("a token is not served after it expires or just before", async () => {
  for (const [lifetime, last] of [
    [600, 595_000],
    [60, 59_000],
    [6, 5_900],
  ] as const) {
    const net = network((_, n) => (n === 0 ? tokenAnswer({ expires_in: lifetime }) : new Promise<Response>(() => {})));
    const clock = new ManualClock();
    const sdk = sdkFor(net, { clock });
    const token = await sdk.token();
    clock.advance(last - 1);
    assert.equal(await sdk.token(), token);
    clock.advance(1);
    const controller = new AbortController();
    const waits = failure(sdk.token({ signal: controller.signal }));
    await runPending();
    controller.abort();
    assert.ok((await waits) instanceof RequestAbortedError);
  }
});

test("a failed background refresh is not reported and is retried only after a backoff", async () => {
  let healthy = true;
  const clock = new ManualClock();
  const net = network((_, n) => (healthy ? tokenAnswer({ access_token: `token-${n}` }) : json({}, { status: 403 })));
  const sdk = sdkFor(net, { clock });
  await sdk.token();
  healthy = false;
  clock.advance(560_000);
  for (let i = 0; i < 50; i++) {
    assert.equal(text(await sdk.token()), "token-0");
    await runPending();
  }
  assert.equal(net.sent.length, 2);
  clock.advance(10_000);
  healthy = true;
  assert.equal(text(await sdk.token()), "token-0");
  await runPending();
  assert.equal(text(await sdk.token()), "token-2");
});

test("a short-lived token does not cause a request per call", async () => {
  for (const expires_in of [2, 10, 30, 59]) {
    const { sdk, clock, net } = cachingSdk({ expires_in });
    for (let i = 0; i < 100; i++) {
      await sdk.token();
      clock.advance(expires_in * 5);
    }
    assert.equal(net.sent.length, 1);
  }
});

test("a token without a lifetime is cached for five minutes", async () => {
  const { sdk, clock, net } = cachingSdk({ expires_in: undefined });
  await sdk.token();
  clock.advance(200_000);
  await sdk.token();
  assert.equal(net.sent.length, 1);
  clock.advance(100_000);
  await sdk.token();
  assert.equal(net.sent.length, 2);
});

test("a token that expires immediately serves the waiting callers and no later ones", async () => {
  const { sdk, net } = cachingSdk({ expires_in: 0 });
  const [one, two] = await Promise.all([sdk.token(), sdk.token()]);
  assert.equal(one, two);
  assert.equal(net.sent.length, 1);
  await sdk.token();
  assert.equal(net.sent.length, 2);
});

test("the lifetime counts from when the request was sent, not from when the response arrived", async () => {
  const clock = new ManualClock();
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net, { clock });
  const first = sdk.token();
  await runPending();
  clock.advance(20_000);
  answers[0]?.(tokenAnswer({ expires_in: 30 }));
  await first;
  clock.advance(9_500);
  const second = sdk.token();
  await runPending();
  answers[1]?.(tokenAnswer({ access_token: "token-2" }));
  assert.equal(text(await second), "token-2");
});

test("steps of the wall clock in either direction neither expire nor extend a token", async () => {
  const { sdk, clock, net } = cachingSdk();
  const token = await sdk.token();
  clock.step(86_400_000 * 365);
  assert.equal(await sdk.token(), token);
  clock.step(-86_400_000 * 730);
  assert.equal(await sdk.token(), token);
  assert.equal(net.sent.length, 1);
  clock.advance(600_000);
  assert.notEqual(await sdk.token(), token);
});
