import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestAbortedError, RequestTimeoutError } from "@carnet/sdk";
import { pausedNetwork, runPending, text } from "./support/caching-sdk.ts";
import { LIMIT_MS, ManualClock } from "./support/manual-clock.ts";
import { json, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";
import { watchedController } from "./support/watched.ts";

test("timeoutMs of a call limits its wait for a token, and not the wait of others", async () => {
  const clock = new ManualClock();
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net, { clock });
  const limited = [
    failure(sdk.token({ timeoutMs: 1_000 })),
    failure(sdk.fetch("/x", { timeoutMs: 1_000, signal: new AbortController().signal })),
  ];
  const others = sdk.token();
  await runPending();
  clock.advance(1_000);
  for (const error of await Promise.all(limited)) {
    assert.ok(error instanceof RequestTimeoutError);
    assert.equal(error.message, "https://api.example.test/oauth2/token took more than 1000 ms.");
    assert.deepEqual([error.timeoutMs, error.mayHaveArrived], [1_000, true]);
  }
  answers[0]?.(tokenAnswer());
  assert.equal(text(await others), "token-1");
  assert.equal(net.sent.length, 1);
  assert.equal(clock.timers.size, 0);
});

test("timeoutMs also limits the pauses between attempts and the security function", async () => {
  const refusing = network(() => json({}, { status: 503, headers: { "retry-after": "20" } }));
  const never = () => new Promise<never>(() => {});
  for (const security of [{ clientId: "id", clientSecret: "a secret" }, never]) {
    const clock = new ManualClock();
    const call = failure(sdkFor(refusing, { clock, security }).fetch("/x", { timeoutMs: 1_000 }));
    await runPending();
    clock.advance(1_000);
    assert.ok((await call) instanceof RequestTimeoutError);
    await runPending();
    assert.equal(clock.timers.size, 0);
  }
});

test("when the last caller's time is over, the token request is aborted", async () => {
  const clock = new ManualClock();
  const { net } = pausedNetwork();
  const call = failure(sdkFor(net, { clock }).token({ timeoutMs: 1_000 }));
  await runPending();
  clock.advance(1_000);
  await call;
  await runPending();
  assert.equal(net.sent[0]?.signal?.aborted, true);
});

test("the SDK's own timeoutMs limits each attempt, so a token request can be retried within one wait", async () => {
  const clock = new ManualClock();
  const net = network((_, n) => (n === 0 ? new Promise<Response>(() => {}) : tokenAnswer()));
  const call = sdkFor(net, { clock }).token();
  await runPending();
  clock.advance(LIMIT_MS);
  await runPending();
  clock.advance(500);
  assert.equal(text(await call), "token-1");
});

test("a signal of a call with a time limit still aborts only that caller", async () => {
  const { net, answers } = pausedNetwork();
  const sdk = sdkFor(net, { clock: new ManualClock() });
  const controller = new AbortController();
  const left = failure(sdk.fetch("/x", { timeoutMs: 1_000, signal: controller.signal }));
  const stays = sdk.token({ timeoutMs: 1_000 });
  await runPending();
  controller.abort(new Error("enough"));
  const error = await left;
  assert.ok(error instanceof RequestAbortedError);
  assert.equal(Object(error.cause).message, "enough");
  answers[0]?.(tokenAnswer());
  assert.equal(text(await stays), "token-1");
});

test("a wait for a token leaves no listener on the caller's signal and no timer, however it ends", async () => {
  const { net, answers } = pausedNetwork();
  const clock = new ManualClock();
  const sdk = sdkFor(net, { clock, timeoutMs: undefined });
  for (const end of ["answer", "abort", "limit", "refusal"] as const) {
    const { controller, listeners } = watchedController();
    const { signal } = controller;
    const call = sdk.token({ signal, timeoutMs: 1_000, forceRefresh: true });
    const settled = call.catch(() => {});
    await runPending();
    assert.equal(listeners(), 1);
    if (end === "answer") answers.at(-1)?.(tokenAnswer());
    if (end === "refusal") answers.at(-1)?.(json({}, { status: 403 }));
    if (end === "abort") controller.abort();
    if (end === "limit") clock.advance(1_000);
    await settled;
    await runPending();
    assert.equal(listeners(), 0, end);
    assert.equal(clock.timers.size, 0, end);
  }
});

test("retries of a call also apply to the token request that it starts", async () => {
  for (const [retries, expected] of [
    [0, 1],
    [2, 3],
  ] as const) {
    const calls = [
      (sdk: ReturnType<typeof sdkFor>) => sdk.token({ retries }),
      (sdk: ReturnType<typeof sdkFor>) => sdk.fetch("/x", { retries }),
    ];
    for (const call of calls) {
      const net = network(() => json({}, { status: 503 }));
      await failure(call(sdkFor(net)));
      assert.equal(net.sent.length, expected);
    }
  }
});

test("a body that cannot be repeated does not keep the token request from being retried", async () => {
  const net = network(({ url }, n) =>
    n === 0 ? json({}, { status: 503 }) : url.endsWith("token") ? tokenAnswer() : new Response("ok"),
  );
  const body = new Blob(["x"]).stream();
  assert.equal((await sdkFor(net).fetch("/x", { method: "POST", body })).status, 200);
});

test("the headers and the server of a call are not used for its token request", async () => {
  const net = network(({ url }) => (url.endsWith("token") ? tokenAnswer() : new Response("ok")));
  const sdk = sdkFor(net, { allowedOrigins: ["https://files.test"] });
  await sdk.fetch("/x", { headers: { "x-own": "1" }, serverURL: "https://files.test" });
  assert.equal(net.sent[0]?.url, "https://api.example.test/oauth2/token");
  assert.equal(net.sent[0]?.headers.get("x-own"), null);
});
