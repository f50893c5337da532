import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { SDK } from "@carnet/sdk";
import { runPending } from "./support/caching-sdk.ts";
import { LIMIT_MS, ManualClock } from "./support/manual-clock.ts";
import { type Network, network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_ID, CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";
import { WatchedBodies, type WatchedController, watchedController } from "./support/watched.ts";

/** What one outcome holds while it runs. */
interface Held extends WatchedController {
  readonly signal: AbortSignal;
  readonly bodies: WatchedBodies;
  readonly clock: ManualClock;
}

const TOKEN = JSON.stringify({ access_token: "token-1", token_type: "Bearer", expires_in: 600 });

/** An SDK whose API reacts as scripted and whose token endpoint answers. */
function sdkWith({ clock }: Held, api: (sent: Sent, n: number) => Response): SDK {
  let n = 0;
  const net = network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : api(sent, n++)));
  return sdkFor(net, { clock });
}

/** The token request of an SDK on this transport. */
const tokenRequest = (held: Held, fetch: Network["fetch"], retries = 0) =>
  sdkFor({ fetch }, { clock: held.clock }).iam.tokenRequest({}, { signal: held.signal, retries });

const answering =
  (status: number, body: () => ReadableStream, headers: Record<string, string> = {}) =>
  async () =>
    new Response(body(), { status, headers });

/** Outcomes after which nothing may be left: no listener, timer or open body. */
const OUTCOMES: Record<string, (held: Held) => Promise<unknown>> = {
  "a token": (held) =>
    tokenRequest(
      held,
      answering(200, () => held.bodies.body("token", TOKEN)),
    ),
  "a refusal": (held) =>
    failure(
      tokenRequest(
        held,
        answering(400, () => held.bodies.body("refusal")),
      ),
    ),
  "a redirected token request": (held) =>
    failure(
      tokenRequest(
        held,
        answering(302, () => held.bodies.body("moved"), { location: "/x" }),
      ),
    ),
  "a body that is too large": (held) =>
    failure(
      tokenRequest(
        held,
        answering(200, () => held.bodies.body("large", "x".repeat(70_000), "stall")),
      ),
    ),
  "a broken body": (held) =>
    failure(
      tokenRequest(
        held,
        answering(200, () => held.bodies.body("broken", "{", "break")),
      ),
    ),
  "no response": (held) => failure(tokenRequest(held, async () => Promise.reject(new TypeError("fetch failed")))),
  "a retried token request": async (held) => {
    let n = 0;
    await tokenRequest(
      held,
      async () => (n++ === 0 ? new Response(held.bodies.body("busy"), { status: 503 }) : tokenAnswer()),
      1,
    );
  },
  "an abort while the body is read": async (held) => {
    const call = failure(
      tokenRequest(
        held,
        answering(200, () => held.bodies.body("stalled", "{", "stall")),
      ),
    );
    await runPending();
    held.controller.abort();
    await call;
  },
  "a timeout while the body is read": async (held) => {
    const call = failure(
      tokenRequest(
        held,
        answering(200, () => held.bodies.body("stalled", "{", "stall")),
      ),
    );
    await runPending();
    held.clock.advance(LIMIT_MS);
    await call;
  },
  "a response that arrives after the abort": async (held) => {
    let answer = (_: Response): void => {};
    const call = failure(tokenRequest(held, () => new Promise((resolve) => (answer = resolve))));
    await runPending();
    held.controller.abort();
    await call;
    answer(new Response(held.bodies.body("late")));
  },
  "a response that arrives after the timeout": async (held) => {
    let answer = (_: Response): void => {};
    const call = failure(tokenRequest(held, () => new Promise((resolve) => (answer = resolve))));
    await runPending();
    held.clock.advance(LIMIT_MS);
    await call;
    answer(new Response(held.bodies.body("late")));
  },
  "an abort between retries": async (held) => {
    const sdk = sdkWith(held, () => new Response(held.bodies.body("busy"), { status: 503 }));
    const call = failure(sdk.fetch("/x", { signal: held.signal }));
    await runPending();
    held.controller.abort();
    await call;
  },
  "a cached token, forced by three callers": async (held) => {
    const sdk = sdkWith(held, () => new Response());
    await Promise.all([1, 2, 3].map(() => sdk.token({ signal: held.signal, forceRefresh: true })));
  },
  "a call without a response body": (held) =>
    sdkWith(held, () => new Response(null, { status: 204 })).fetch("/x", { signal: held.signal }),
  "a call repeated after 401": (held) =>
    sdkWith(
      held,
      (_, n) => new Response(n === 0 ? held.bodies.body("401") : null, { status: n === 0 ? 401 : 200 }),
    ).fetch("/x", { signal: held.signal }),
  "a redirected call": (held) =>
    sdkWith(held, (_, n) =>
      n === 0
        ? new Response(held.bodies.body("moved"), { status: 302, headers: { location: "/y" } })
        : new Response(null),
    ).fetch("/x", { signal: held.signal }),
  "a redirect that is not followed": (held) =>
    failure(
      sdkWith(
        held,
        () => new Response(held.bodies.body("away"), { status: 302, headers: { location: "https://evil.test" } }),
      ).fetch("/x", { signal: held.signal }),
    ),
};

for (const [name, run] of Object.entries(OUTCOMES)) {
  test(`nothing is left behind after ${name}`, async () => {
    const watched = watchedController();
    const held = {
      ...watched,
      signal: watched.controller.signal,
      bodies: new WatchedBodies(),
      clock: new ManualClock({ skipWaits: name.includes("retried") }),
    };
    await run(held);
    await runPending();
    assert.deepEqual(
      { listeners: held.listeners(), timers: held.clock.timers.size, open: [...held.bodies.open] },
      { listeners: 0, timers: 0, open: [] },
    );
  });
}

test("a hundred concurrent calls are one listener at their signal", async () => {
  const { controller, listeners } = watchedController();
  const seen = new Set<number>();
  const sdk = sdkFor({
    fetch: async (input) => {
      seen.add(listeners());
      return String(input).endsWith("token") ? tokenAnswer() : new Response(null);
    },
  });
  const call = () => sdk.fetch("/x", { signal: controller.signal });
  await Promise.all(Array.from({ length: 100 }, call));
  assert.deepEqual([[...seen], listeners()], [[1], 0]);
});

test("the signal still ends the reading of a response that was returned, and is released when that is discarded", async () => {
  const { controller, listeners } = watchedController();
  let sent: AbortSignal | undefined;
  const sdk = sdkFor({
    fetch: async (input, init) => {
      if (String(input).endsWith("token")) return tokenAnswer();
      sent = init?.signal ?? undefined;
      return new Response("unread");
    },
  });
  const response = await sdk.fetch("/x", { signal: controller.signal });
  assert.equal(listeners(), 1);
  assert.equal(sent?.aborted, false);
  controller.abort(new Error("enough"));
  assert.equal(sent?.aborted, true);
  assert.equal(sent?.reason.message, "enough");
  await response.body?.cancel();
});

/** Fails instead of waiting forever for something that does not happen. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

test("over real connections the server sees every unfinished response closed", async () => {
  const closed: Promise<string>[] = [];
  const controller = new AbortController();
  const server = createServer((request, response) => {
    request.resume();
    closed.push(new Promise((resolve) => response.on("close", () => resolve(String(request.url)))));
    const status = { "/busy": 503, "/moved": 302 }[String(request.url)] ?? 200;
    response.writeHead(status, { location: "https://evil.test/" });
    response.write(request.url === "/oauth2/token" ? "x".repeat(100_000) : "x"); // The body never ends.
    if (request.url === "/slow") setImmediate(() => controller.abort());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const options = {
      security: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
      serverURL: `http://127.0.0.1:${Object(server.address()).port}`,
      retryConfig: { maxRetries: 1, initialIntervalMs: 0 },
    };
    await failure(new SDK(options).iam.tokenRequest());
    const api = new SDK({
      ...options,
      httpClient: (input, init) =>
        String(input).endsWith("token") ? Promise.resolve(tokenAnswer()) : fetch(input, init),
    });
    await failure(api.fetch("/moved"));
    const busy = await api.fetch("/busy");
    await busy.body?.cancel();
    await failure(api.fetch("/slow", { signal: controller.signal }).then((response) => response.text()));
    const all = within(10_000, Promise.all(closed));
    assert.deepEqual(await all, ["/oauth2/token", "/moved", "/busy", "/busy", "/slow"]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
