import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionError, IamError, RequestAbortedError, RequestTimeoutError, SDKError } from "@carnet/sdk";
import { ManualClock } from "./support/manual-clock.ts";
import { connectionRefused, fetchFailed, json, network, type Reaction, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

/** An SDK with a cached token whose network reacts as scripted and then succeeds. */
function sdkFailingWith(reactions: readonly (() => Reaction)[], options: Parameters<typeof sdkFor>[1] = {}) {
  const clock = new ManualClock({ skipWaits: true });
  const calls: string[] = [];
  let n = 0;
  const net = network((sent) => {
    if (sent.url.endsWith("/oauth2/token") && !options.tokenURL) return tokenAnswer();
    calls.push(sent.method);
    const react = reactions[n++];
    return react === undefined ? (sent.url.endsWith("token") ? tokenAnswer() : new Response("done")) : react();
  });
  return { sdk: sdkFor(net, { clock, ...options }), clock, calls };
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response("no", { status: code, headers });
const many = (reaction: () => Reaction) => Array.from({ length: 20 }, () => reaction);

test("backoff is exponential: 500 ms, factor 1.5, full jitter, five retries", async () => {
  for (const chance of [0, 0.25, 0.999]) {
    const { sdk, clock, calls } = sdkFailingWith(many(status(503)), { random: () => chance });
    assert.equal((await sdk.fetch("/x")).status, 503);
    assert.equal(calls.length, 6);
    assert.deepEqual(
      clock.waits,
      [500, 750, 1125, 1687.5, 2531.25].map((most) => most * chance),
    );
  }
});

test("no wait is longer than the cap of 30 s", async () => {
  const { sdk, clock } = sdkFailingWith(many(status(503)), {
    random: () => 1,
    retryConfig: { maxRetries: 14, maxElapsedMs: 1e9 },
  });
  await sdk.fetch("/x");
  assert.equal(Math.max(...clock.waits), 30_000);
  assert.deepEqual(clock.waits.slice(-3), [30_000, 30_000, 30_000]);
});

test("retrying stops before 120 s have passed", async () => {
  const { sdk, clock, calls } = sdkFailingWith(many(status(503, { "retry-after": "30" })), {
    retryConfig: { maxRetries: 50 },
  });
  await sdk.fetch("/x");
  assert.deepEqual(clock.waits, [30_000, 30_000, 30_000, 30_000]);
  assert.equal(calls.length, 5);
});

test("only 429, 500, 502, 503 and 504 are retried", async () => {
  for (const code of [429, 500, 502, 503, 504]) {
    const { sdk, calls } = sdkFailingWith([status(code)]);
    assert.equal((await sdk.fetch("/x")).status, 200);
    assert.equal(calls.length, 2);
  }
  for (const code of [400, 403, 404, 408, 409, 410, 501, 505]) {
    const { sdk, calls } = sdkFailingWith([status(code)]);
    assert.equal((await sdk.fetch("/x")).status, code);
    assert.equal(calls.length, 1);
  }
});

test("connection errors and timeouts are retried", async () => {
  const { sdk, calls } = sdkFailingWith([
    connectionRefused,
    () => fetchFailed("ECONNRESET"),
    () => fetchFailed("UND_ERR_CONNECT_TIMEOUT"),
  ]);
  assert.equal((await sdk.fetch("/x")).status, 200);
  assert.equal(calls.length, 4);
});

test('retryCodes takes numbers, "429" and "5XX", for the SDK and for one call', async () => {
  const { sdk, calls } = sdkFailingWith([status(501), status(599), status(418)]);
  assert.equal((await sdk.fetch("/x", { retryCodes: ["5XX", 418] })).status, 200);
  assert.equal(calls.length, 4);
  const other = sdkFailingWith([status(501)], { retryCodes: ["429"] });
  assert.equal((await other.sdk.fetch("/x")).status, 501);
  const none = sdkFailingWith([status(503)]);
  assert.equal((await none.sdk.fetch("/x", { retryCodes: ["4XX"] })).status, 503);
});

test("token requests are retried too", async () => {
  const { sdk, calls } = sdkFailingWith(
    [status(503), connectionRefused, () => fetchFailed("ECONNRESET"), status(429)],
    {
      tokenURL: "/my-token",
    },
  );
  assert.equal((await sdk.iam.tokenRequest()).accessToken, "token-1");
  assert.equal(calls.length, 5);
});

test("a token request that keeps failing throws its last error", async () => {
  const answered = sdkFailingWith(
    many(() => json({ error: "server_error" }, { status: 500 })),
    { tokenURL: "/my-token" },
  );
  assert.ok((await failure(answered.sdk.iam.tokenRequest())) instanceof SDKError);
  assert.equal(answered.calls.length, 6);
  const silent = sdkFailingWith(many(connectionRefused), { tokenURL: "/my-token" });
  assert.ok((await failure(silent.sdk.iam.tokenRequest())) instanceof ConnectionError);
  assert.equal(silent.calls.length, 6);
});

test("invalid_client is not retried", async () => {
  for (const code of [400, 401]) {
    const { sdk, calls } = sdkFailingWith([() => json({ error: "invalid_client" }, { status: code })], {
      tokenURL: "/my-token",
      clientAuthentication: "body",
    });
    assert.ok((await failure(sdk.iam.tokenRequest())) instanceof IamError);
    assert.equal(calls.length, 1);
  }
});

test("a non-idempotent operation is retried only after 429 or a failed connection", async () => {
  for (const method of ["POST", "PATCH"]) {
    for (const again of [
      status(429),
      connectionRefused,
      () => fetchFailed("UND_ERR_CONNECT_TIMEOUT"),
      () => fetchFailed("ENOTFOUND", { syscall: "getaddrinfo" }),
      () => fetchFailed("ETIMEDOUT", { syscall: "connect" }),
      () => new TypeError("error sending request: client error (Connect): tcp connect error"),
    ]) {
      const { sdk, calls } = sdkFailingWith([again]);
      assert.equal((await sdk.fetch("/x", { method, body: "{}" })).status, 200);
      assert.equal(calls.length, 2);
    }
    for (const code of [500, 502, 503, 504]) {
      const { sdk, calls } = sdkFailingWith([status(code)]);
      assert.equal((await sdk.fetch("/x", { method, body: "{}", retryCodes: ["5XX"] })).status, code);
      assert.equal(calls.length, 1);
    }
    for (const error of [fetchFailed("ECONNRESET"), fetchFailed("UND_ERR_SOCKET"), new TypeError("fetch failed")]) {
      const { sdk, calls } = sdkFailingWith([() => error]);
      const failed = await failure(sdk.fetch("/x", { method, body: "{}" }));
      assert.ok(failed instanceof ConnectionError);
      assert.equal(failed.mayHaveArrived, true);
      assert.equal(calls.length, 1);
    }
  }
});

test("GET, HEAD, OPTIONS, PUT and DELETE are idempotent [RFC9110 §9.2.2]", async () => {
  for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
    const { sdk, calls } = sdkFailingWith([status(503), () => fetchFailed("ECONNRESET")]);
    assert.equal((await sdk.fetch("/x", { method })).status, 200);
    assert.equal(calls.length, 3);
  }
});

test("Retry-After is respected in seconds or as a date, up to the longest wait [RFC9110 §10.2.3]", async () => {
  const start = new ManualClock().wall;
  const cases = [
    ["7", 7_000],
    ["0", 0],
    ["3600", 30_000],
    [new Date(start + 9_000).toUTCString(), 9_000],
    [new Date(start - 9_000).toUTCString(), 0],
    ["1.5", 1_500],
    ["9".repeat(400), 30_000],
    ["Sun Nov 22 08:49:37 2026", 30_000],
    [new Date(start + 9_000_000).toUTCString(), 30_000],
    ["soon", 250],
    ["5 minutes", 250],
    ["", 250],
  ] as const;
  for (const [header, wait] of cases) {
    const { sdk, clock } = sdkFailingWith([status(503, { "retry-after": header })]);
    await sdk.fetch("/x");
    assert.deepEqual(clock.waits, [wait], header);
  }
});

test("an abort ends every wait", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const net = network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : new Response("no", { status: 503 })));
  const sdk = sdkFor(net, { clock });
  await sdk.token();
  const waiting = new Promise<void>((resolve) => {
    const { after } = clock;
    clock.after = (ms, callback) => {
      if (ms === 250) resolve();
      return after.call(clock, ms, callback);
    };
  });
  const call = failure(sdk.fetch("/x", { signal: controller.signal }));
  await waiting;
  controller.abort(new Error("the user left"));
  const error = await call;
  assert.ok(error instanceof RequestAbortedError);
  assert.equal(error.cause instanceof Error && error.cause.message, "the user left");
  assert.equal(clock.timers.size, 0);
});

test("a call can set its own number of retries, and 0 means none", async () => {
  for (const [retries, expected] of [
    [0, 1],
    [2, 3],
    [{ maxRetries: 1 }, 2],
  ] as const) {
    const { sdk, calls } = sdkFailingWith(many(status(503)));
    await sdk.fetch("/x", { retries });
    assert.equal(calls.length, expected);
  }
  const { sdk, calls } = sdkFailingWith(many(connectionRefused), { tokenURL: "/my-token" });
  await failure(sdk.iam.tokenRequest({}, { retries: 1 }));
  assert.equal(calls.length, 2);
});

test("a stream body is sent only once", async () => {
  const { sdk, calls } = sdkFailingWith(many(status(503)));
  const body = new Blob(["abc"]).stream();
  assert.equal((await sdk.fetch("/x", { method: "PUT", body })).status, 503);
  assert.equal(calls.length, 1);
});

test("a connection error has the URL, the reason, and whether the request may have arrived", async () => {
  const { sdk } = sdkFailingWith([connectionRefused]);
  const error = await failure(sdk.fetch("/x?secret=1", { retries: 0 }));
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.message, "Cannot connect to https://api.example.test/x (ECONNREFUSED).");
  assert.equal(error.url, "https://api.example.test/x");
  assert.equal(error.mayHaveArrived, false);
  const timeout = sdkFailingWith([() => fetchFailed("UND_ERR_CONNECT_TIMEOUT")]);
  const slow = await failure(timeout.sdk.fetch("/x", { retries: 0 }));
  assert.ok(slow instanceof RequestTimeoutError);
  assert.equal(slow.message, "Cannot connect to https://api.example.test/x (UND_ERR_CONNECT_TIMEOUT).");
  assert.equal(slow.mayHaveArrived, false);
  const broken = await failure(sdkFailingWith([() => fetchFailed("ECONNRESET")]).sdk.fetch("/x", { retries: 0 }));
  assert.equal(Object(broken).message, "No complete response from https://api.example.test/x (ECONNRESET).");
});

test("a malformed Retry-After is ignored: the random wait is used [RFC9110 §10.2.3]", async () => {
  for (const value of [
    "-5",
    "+5",
    "1e9",
    "0x10",
    "5 seconds",
    "5, 10",
    "soon",
    "Infinity",
    "NaN",
    "",
    "2026-11-22",
    "€",
  ]) {
    const { sdk, clock } = sdkFailingWith([status(503, { "retry-after": encodeURI(value) })]);
    await sdk.fetch("/x");
    assert.deepEqual(clock.waits, [250], value);
  }
});

test("a certificate that is not accepted is a ConnectionError at once that names the setting", async () => {
  for (const error of [
    fetchFailed("DEPTH_ZERO_SELF_SIGNED_CERT"),
    fetchFailed("SELF_SIGNED_CERT_IN_CHAIN"),
    fetchFailed("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    fetchFailed("CERT_HAS_EXPIRED"),
    fetchFailed("ERR_TLS_CERT_ALTNAME_INVALID"),
    Object.assign(new Error("unable to get local issuer certificate"), { code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" }),
    new TypeError("error sending request: client error (Connect): invalid peer certificate: UnknownIssuer"),
  ]) {
    const { sdk, calls } = sdkFailingWith(many(() => error));
    const failed = await failure(sdk.fetch("/x?q=1"));
    assert.ok(failed instanceof ConnectionError, String(failed));
    assert.match(
      failed.message,
      /^The certificate of https:\/\/api\.example\.test\/x was not accepted .*NODE_EXTRA_CA_CERTS/,
    );
    assert.deepEqual([failed.untrusted, failed.mayHaveArrived, calls.length], [true, false, 1]);
  }
});
