import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError } from "@carnet/sdk";
import { cachingSdk, pausedNetwork, runPending, text } from "./support/caching-sdk.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

test("expiresIn is the seconds that are left, rounded up, and 0 after that", async () => {
  const { sdk, clock } = cachingSdk();
  for (const get of [() => sdk.token(), () => sdk.iam.tokenRequest()]) {
    const token = await get();
    const start = clock.monotonic();
    assert.equal(token.expiresIn, 600);
    for (const [after, left] of [
      [1, 600],
      [1_000, 599],
      [590_500, 10],
      [599_999, 1],
      [600_000, 0],
      [6_000_000, 0],
    ] as const) {
      clock.advance(start + after - clock.monotonic());
      assert.equal(token.expiresIn, left);
    }
  }
});

test("a served token says the seconds that are left, not those at its grant", async () => {
  const { sdk, clock, net } = cachingSdk();
  await sdk.token();
  clock.advance(100_000);
  assert.equal((await sdk.token()).expiresIn, 500);
  assert.equal(net.sent.length, 1);
});

test("expiresAt is a date by the wall clock, counted from when the request was sent", async () => {
  const clock = new ManualClock();
  const { net, answers } = pausedNetwork();
  const call = sdkFor(net, { clock }).token();
  await runPending();
  clock.advance(7_000);
  answers[0]?.(tokenAnswer());
  const token = await call;
  assert.deepEqual(token.expiresAt, new Date("2026-11-21T12:10:00Z"));
  assert.equal(token.expiresIn, 593);
  token.expiresAt?.setTime(0);
  assert.deepEqual(token.expiresAt, new Date("2026-11-21T12:10:00Z"));
});

test("a step of the wall clock changes neither expiresIn nor expiresAt", async () => {
  const { sdk, clock } = cachingSdk();
  const token = await sdk.token();
  clock.step(86_400_000);
  assert.equal(token.expiresIn, 600);
  assert.deepEqual(token.expiresAt, new Date("2026-11-21T12:10:00Z"));
});

test("without a lifetime from the server, both are undefined", async () => {
  const { sdk } = cachingSdk({ expires_in: undefined });
  const { expiresIn, expiresAt } = await sdk.token();
  assert.deepEqual([expiresIn, expiresAt], [undefined, undefined]);
});

test("JSON shows both, and a copy keeps the values of its moment", async () => {
  const { sdk, clock } = cachingSdk();
  const token = await sdk.token();
  const copy = { ...token };
  clock.advance(60_000);
  assert.equal(copy.expiresIn, 600);
  const shown = JSON.parse(JSON.stringify(token));
  assert.deepEqual([shown.expiresIn, shown.expiresAt], [540, "2026-11-21T12:10:00.000Z"]);
});

test("a token with less than minValidity left is renewed first", async () => {
  const { sdk, clock, net } = cachingSdk();
  await sdk.token();
  clock.advance(300_000);
  assert.equal(text(await sdk.token({ minValidity: 300 })), "token-0");
  assert.equal(text(await sdk.token({ minValidity: 301 })), "token-1");
  assert.equal(text(await sdk.token()), "token-1");
  assert.equal(net.sent.length, 2);
});

test("minValidity also applies to a token that was granted for more scopes", async () => {
  const { sdk, clock } = cachingSdk();
  await sdk.token({ scopes: "a b" });
  clock.advance(300_000);
  assert.equal(text(await sdk.token({ scopes: "a", minValidity: 300 })), "token-0");
  assert.equal(text(await sdk.token({ scopes: "a", minValidity: 301 })), "token-1");
});

test("callers with the same minValidity share the request, and a new token is served even if it lives shorter", async () => {
  const { sdk, net } = cachingSdk({ expires_in: 30 });
  const tokens = await Promise.all([1, 2, 3].map(() => sdk.token({ minValidity: 60 })));
  assert.deepEqual(tokens.map(text), ["token-0", "token-0", "token-0"]);
  assert.equal(net.sent.length, 1);
});

test("minValidity must be a number of seconds", async () => {
  const { sdk, net } = cachingSdk();
  for (const minValidity of [-1, Number.NaN, Number.POSITIVE_INFINITY, Object("60")]) {
    const error = await failure(sdk.token({ minValidity }));
    assert.ok(error instanceof InvalidRequestError && error.field === "minValidity");
  }
  assert.equal(net.sent.length, 0);
});
