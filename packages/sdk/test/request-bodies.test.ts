import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError, RequestAbortedError, RequestTimeoutError, type SDKOptions } from "@carnet/sdk";
import { runPending } from "./support/caching-sdk.ts";
import { LIMIT_MS, ManualClock } from "./support/manual-clock.ts";
import { network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";
import { watchedController } from "./support/watched.ts";

/** A request whose body stalls after some bytes, and whether its producer was told to stop. */
function stalledRequest(bytes: number, signal?: AbortSignal): { request: Request; wasCancelled: () => boolean } {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (bytes > 0) controller.enqueue(new Uint8Array(bytes));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half", ...(signal && { signal }) };
  return { request: new Request("https://api.example.test/x", init), wasCancelled: () => isCancelled };
}

function server(options: SDKOptions = {}) {
  const calls: Sent[] = [];
  const net = network((sent) => {
    if (sent.url.endsWith("token")) return tokenAnswer();
    calls.push(sent);
    return new Response("ok");
  });
  return { sdk: sdkFor(net, options), calls };
}

for (const [name, bytes] of [
  ["never starts", 0],
  ["never ends", 5],
] as const) {
  test(`the signal ends a call whose Request has a body that ${name}`, async () => {
    const { controller, listeners } = watchedController();
    const { request, wasCancelled } = stalledRequest(bytes);
    const { sdk, calls } = server({ clock: new ManualClock() });
    const call = failure(sdk.fetch(request, { signal: controller.signal }));
    await runPending();
    controller.abort();
    assert.ok((await call) instanceof RequestAbortedError);
    await runPending();
    assert.deepEqual([calls.length, wasCancelled(), listeners()], [0, true, 0]);
  });

  test(`the time limit ends a call whose Request has a body that ${name}`, async () => {
    const clock = new ManualClock();
    const { request, wasCancelled } = stalledRequest(bytes);
    const { sdk, calls } = server({ clock });
    const call = failure(sdk.fetch(request));
    await runPending();
    clock.advance(LIMIT_MS);
    const error = await call;
    assert.ok(error instanceof RequestTimeoutError, String(error));
    assert.equal(error.mayHaveArrived, false);
    await runPending();
    assert.deepEqual([calls.length, wasCancelled(), clock.timers.size], [0, true, 0]);
  });
}

test("the Request's own signal ends the reading of its body", async () => {
  const controller = new AbortController();
  const { request } = stalledRequest(1, controller.signal);
  const call = failure(server({ clock: new ManualClock() }).sdk.fetch(request));
  await runPending();
  controller.abort();
  assert.ok((await call) instanceof RequestAbortedError);
});

test("a Request to an origin that is not allowed is refused before its body is read", async () => {
  const { request } = stalledRequest(0);
  const error = await failure(server().sdk.fetch(new Request("https://evil.test/x", request)));
  assert.ok(error instanceof InvalidRequestError);
  assert.equal(error.field, "input");
});

test("a Request whose body fails is an InvalidRequestError with the cause", async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(new Error("disk full")) });
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
  const error = await failure(server().sdk.fetch(new Request("https://api.example.test/x", init)));
  assert.ok(error instanceof InvalidRequestError, String(error));
  assert.equal(error.field, "input");
  assert.equal((error.cause as Error).message, "disk full");
});
