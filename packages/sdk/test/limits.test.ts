import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError, RequestAbortedError, RequestTimeoutError, type SDKOptions } from "@carnet/sdk";
import { LIMIT_MS, ManualClock } from "./support/manual-clock.ts";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

/** A clock that reports when a timer is set. */
class LimitClock extends ManualClock {
  readonly limits: number[] = [];
  #tell: (ms: number) => void = () => {};

  /** Resolves when the next limit or wait is set. */
  next(): Promise<number> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  override after(ms: number, callback: () => void): () => void {
    this.limits.push(ms);
    this.#tell(ms);
    return super.after(ms, callback);
  }
}

const never = (): Promise<Response> => new Promise(() => {});

test("the default timeout for a token is 30 s", async () => {
  const clock = new LimitClock();
  const sdk = sdkFor(network(never), { clock, timeoutMs: undefined });
  const set = clock.next();
  const call = failure(sdk.iam.tokenRequest({}, { retries: 0 }));
  assert.equal(await set, 30_000);
  clock.advance(29_999);
  clock.advance(1);
  const error = await call;
  assert.ok(error instanceof RequestTimeoutError);
  assert.equal(error.timeoutMs, 30_000);
  assert.equal(error.url, "https://api.example.test/oauth2/token");
  assert.match(error.message, /more than 30000 ms/);
});

test("timeoutMs limits each attempt of a token request and of a call, and a call can override it", async () => {
  for (const [options, own, expected] of [
    [{ timeoutMs: 70 }, undefined, 70],
    [{ timeoutMs: 70 }, 9, 9],
  ] as const) {
    const clock = new LimitClock();
    const net = network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : never()));
    const sdk = sdkFor(net, { clock, ...options });
    await sdk.token();
    const set = clock.next();
    const call = failure(sdk.fetch("/x", { retries: 0, ...(own !== undefined && { timeoutMs: own }) }));
    assert.equal(await set, expected);
    clock.advance(expected);
    assert.ok((await call) instanceof RequestTimeoutError);
  }
});

test("a call has no time limit unless timeoutMs is set", async () => {
  const clock = new LimitClock();
  const net = network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : new Response("ok")));
  const sdk = sdkFor(net, { clock, timeoutMs: undefined });
  await sdk.token();
  clock.limits.length = 0;
  await sdk.fetch("/x");
  assert.deepEqual(clock.limits, []);
});

test("the limit covers a stalled body and leaves no timer behind", async () => {
  const clock = new LimitClock();
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"access_token":')),
    cancel() {
      cancelled = true;
    },
  });
  const sdk = sdkFor(
    network(() => new Response(body)),
    { clock },
  );
  const set = clock.next();
  const call = failure(sdk.iam.tokenRequest({}, { retries: 0 }));
  await set;
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(LIMIT_MS);
  assert.ok((await call) instanceof RequestTimeoutError);
  assert.equal(cancelled, true);
  assert.equal(clock.timers.size, 0);
});

test("a transport that ignores the abort signal is not waited for", async () => {
  const controller = new AbortController();
  const sdk = sdkFor({ fetch: never });
  const call = failure(sdk.iam.tokenRequest({}, { signal: controller.signal }));
  controller.abort();
  assert.ok((await call) instanceof RequestAbortedError);
});

test("an abort error is named AbortError, as libraries expect, and keeps its code and class", async () => {
  const error = await failure(
    sdkFor(network(() => tokenAnswer())).token({ signal: AbortSignal.abort("the user left") }),
  );
  assert.ok(error instanceof RequestAbortedError);
  assert.deepEqual(
    [error.name, error.code, String(error)],
    ["AbortError", "RequestAbortedError", "AbortError: Aborted."],
  );
});

test("nothing is sent if the signal is already aborted", async () => {
  let sent = 0;
  const sdk = sdkFor({
    fetch: async () => {
      sent++;
      return tokenAnswer();
    },
  });
  const signal = AbortSignal.abort();
  const own = { clientId: "a", clientSecret: "b" };
  for (const call of [
    sdk.iam.tokenRequest({}, { signal }),
    sdk.iam.tokenRequest(own, { signal }),
    sdk.token({ signal }),
    sdk.fetch("/x", { signal }),
  ]) {
    assert.ok((await failure(call)) instanceof RequestAbortedError);
  }
  assert.equal(sent, 0);
});

test("an abort is passed to the transport", async () => {
  const controller = new AbortController();
  let reached: AbortSignal | undefined;
  const sdk = sdkFor({
    fetch: (_, init) => {
      reached = init?.signal ?? undefined;
      controller.abort();
      return new Promise(() => {});
    },
  });
  await failure(sdk.iam.tokenRequest({}, { signal: controller.signal }));
  assert.equal(reached?.aborted, true);
});

test("limits are checked before anything is sent", async () => {
  const net = network(() => tokenAnswer());
  const sdk = sdkFor(net);
  await sdk.token();
  for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, Object("7")]) {
    const options: Pick<SDKOptions, "timeoutMs"> = { timeoutMs };
    assert.ok((await failure(sdk.fetch("/x", options))) instanceof InvalidRequestError);
  }
  assert.equal(net.sent.length, 1);
});
