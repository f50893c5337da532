import assert from "node:assert/strict";
import { test } from "node:test";
import { HTTPClient, InvalidRequestError, RequestAbortedError, type SDK, type SDKOptions } from "@carnet/sdk";
import { runPending } from "./support/caching-sdk.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { type Network, network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";
import { watchedController } from "./support/watched.ts";

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

test("close() does the same without await", async () => {
  const sdk = sdkFor(tokenServer());
  await sdk.token();
  assert.equal(sdk.close(), undefined);
  const error = await failure(sdk.token());
  assert.ok(error instanceof InvalidRequestError);
  assert.match(error.message, /sdk is closed/);
});

test("close() ends every kind of wait at once, with an abort error that says why", async () => {
  const never = () => new Promise<never>(() => {});
  const retrying = network(({ url }) => (url.endsWith("token") ? tokenAnswer() : new Response("", { status: 503 })));
  const refusing = network(() => new Response("", { status: 503 }));
  const stalled = network(({ url }) => (url.endsWith("token") ? tokenAnswer() : never()));
  const openBody = () => new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array([123])) }));
  const controller = new AbortController();
  const { signal } = controller;
  const calls: Record<string, (clock: ManualClock) => readonly [SDK, Promise<unknown>]> = {
    "the retry pause of a call": (clock) => start(retrying, { clock }, (sdk) => sdk.fetch("/x")),
    "the retry pause of a token request": (clock) => start(refusing, { clock }, (sdk) => sdk.iam.tokenRequest()),
    "the retry pause of a shared token request": (clock) =>
      start(refusing, { clock }, (sdk) => sdk.fetch("/x", { signal })),
    "a response to a call": (clock) => start(stalled, { clock, timeoutMs: undefined }, (sdk) => sdk.fetch("/x")),
    "a response to a call with a signal": (clock) => start(stalled, { clock }, (sdk) => sdk.fetch("/x", { signal })),
    "a response to a token request": (clock) => start({ fetch: never }, { clock }, (sdk) => sdk.iam.tokenRequest()),
    "the body of a token response": (clock) => start(network(openBody), { clock }, (sdk) => sdk.iam.tokenRequest()),
    "a shared token": (clock) => start({ fetch: never }, { clock }, (sdk) => sdk.token({ timeoutMs: 5_000 })),
    "the security function": (clock) => start(refusing, { clock, security: never }, (sdk) => sdk.token()),
  };
  for (const [what, call] of Object.entries(calls)) {
    const clock = new ManualClock();
    const [sdk, outcome] = call(clock);
    const failed = failure(outcome);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    sdk.close();
    const error = await failed;
    assert.ok(error instanceof RequestAbortedError, `${what}: ${error}`);
    assert.equal(Object(error.cause).message, "The SDK was closed.", what);
    assert.equal(clock.timers.size, 0, what);
  }
});

test("close() leaves no listener at the signal of a call that it ended", async () => {
  const busy = network(() => new Response("", { status: 503 }));
  const waits: SDKOptions[] = [{}, { security: () => new Promise<never>(() => {}) }];
  for (const options of waits) {
    const { controller, listeners } = watchedController();
    const [sdk, call] = start(busy, { clock: new ManualClock(), ...options }, (each) =>
      each.iam.tokenRequest({}, { signal: controller.signal }),
    );
    const failed = failure(call);
    await runPending();
    assert.equal(listeners(), 1);
    sdk.close();
    await failed;
    await runPending();
    assert.equal(listeners(), 0);
  }
});

/** A call whose SDK is at hand. */
function start(
  net: Pick<Network, "fetch">,
  options: SDKOptions,
  call: (sdk: SDK) => Promise<unknown>,
): readonly [SDK, Promise<unknown>] {
  const sdk = sdkFor(net, options);
  return [sdk, call(sdk)];
}

test("close() aborts the request of a call, and leaves a response that was returned alone", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const net = network((sent) => {
    if (sent.url.endsWith("token")) return tokenAnswer();
    signals.push(sent.signal);
    return sent.url.endsWith("slow") ? new Promise<Response>(() => {}) : new Response("whole");
  });
  const sdk = sdkFor(net);
  const response = await sdk.fetch("/quick");
  const slow = failure(sdk.fetch("/slow"));
  await new Promise((resolve) => setImmediate(resolve));
  sdk.close();
  assert.ok((await slow) instanceof RequestAbortedError);
  assert.deepEqual(
    signals.map((signal) => signal?.aborted),
    [false, true],
  );
  assert.equal(await response.text(), "whole");
});

test("close() ends a call without a signal and a time limit, and discards the answer that still comes", async () => {
  const signals: (AbortSignal | null | undefined)[] = [];
  let answer: (response: Response) => void = () => {};
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    if (String(input).endsWith("token")) return tokenAnswer();
    signals.push(init?.signal);
    return new Promise<Response>((resolve) => {
      answer = resolve;
    });
  };
  const sdk = sdkFor({ fetch }, { timeoutMs: undefined, clock: new ManualClock() });
  const call = failure(sdk.fetch("/x"));
  await new Promise((resolve) => setImmediate(resolve));
  sdk.close();
  const error = await call;
  assert.ok(error instanceof RequestAbortedError, String(error));
  assert.deepEqual(signals, [null]); // A signal would slow every such call down.
  let wasCancelled = false;
  const cancel = () => {
    wasCancelled = true;
  };
  answer(new Response(new ReadableStream({ cancel })));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(wasCancelled, true);
});

test("any number of pending calls adds few listeners to any signal, because Node 20 warns about more than ten", async () => {
  const listeners = new Map<unknown, number>();
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (this: EventTarget, ...args: Parameters<typeof addEventListener>) {
    listeners.set(this, (listeners.get(this) ?? 0) + 1);
    return addEventListener.apply(this, args);
  };
  try {
    const sdk = sdkFor(
      network(({ url }) => (url.endsWith("token") ? tokenAnswer() : new Promise<never>(() => {}))),
      { clock: new ManualClock() },
    );
    const calls = Array.from({ length: 50 }, () => failure(sdk.fetch("/x")));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    sdk.close();
    for (const error of await Promise.all(calls)) assert.ok(error instanceof RequestAbortedError);
    assert.ok(Math.max(...listeners.values()) <= 10);
  } finally {
    EventTarget.prototype.addEventListener = addEventListener;
  }
});

test("closing twice has no further effect", async () => {
  const sdk = sdkFor(tokenServer());
  sdk.close();
  sdk.close();
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
