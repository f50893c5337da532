import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConnectionError,
  type DebugEvent,
  type DeprecationNotice,
  HTTPClient,
  InvalidRequestError,
  RequestAbortedError,
  type SDKOptions,
} from "@carnet/sdk";
import { connectionRefused, network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";

const answering = (headers: Record<string, string> = {}) =>
  network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : new Response("ok", { headers })));
const DEPRECATED = {
  deprecation: "@1770854400",
  sunset: "Wed, 31 Jan 2029 00:00:00 GMT",
  link: '</oauth2/token>; rel="successor-version"',
};

test("HTTPClient runs beforeRequest, response and requestError hooks", async () => {
  const seen: string[] = [];
  const net = network((_, n) => (n === 0 ? new Response("ok", { status: 201 }) : connectionRefused()));
  const inner = new HTTPClient({
    fetch: net.fetch,
    hooks: {
      beforeRequest: async (request) => {
        seen.push(`inner ${request.headers.get("x-hook")}`);
        request.headers.set("x-late", "1");
        return undefined;
      },
      requestError: (error) => void seen.push(`error ${error.message}`),
    },
  });
  const client = new HTTPClient({
    fetch: (input, init) => inner.request(input, init),
    hooks: {
      beforeRequest: (request) => {
        seen.push(`outer ${request.method}`);
        return new Request(request, { headers: { "x-hook": "1" } });
      },
      response: (response) => void seen.push(`response ${response.status}`),
    },
  });
  await client.request("https://h.test/x", { method: "PUT" });
  assert.deepEqual([net.sent[0]?.headers.get("x-hook"), net.sent[0]?.headers.get("x-late")], ["1", "1"]);
  await failure(client.request("https://h.test/x"));
  assert.deepEqual(seen, ["outer PUT", "inner 1", "response 201", "outer GET", "inner 1", "error fetch failed"]);
});

test("the SDK's hooks run around every request, those of a given client inside them", async () => {
  const seen: string[] = [];
  const httpClient = new HTTPClient({
    fetch: answering().fetch,
    hooks: { beforeRequest: () => void seen.push("client") as undefined },
  });
  const sdk = sdkFor(answering(), {
    httpClient,
    hooks: { beforeRequest: (request) => void seen.push(new URL(request.url).pathname) as undefined },
  });
  await sdk.fetch("/x");
  assert.deepEqual(seen, ["/oauth2/token", "client", "/x", "client"]);
});

test("a hook cannot take the token to another origin, nor have redirects followed", async () => {
  let elsewhere = true;
  const net = answering();
  const hooks = {
    beforeRequest: (request: Request) =>
      elsewhere
        ? new Request(request.url.replace("api.example", "evil"), request)
        : new Request(request.url, { method: "POST" }),
  };
  const sdk = sdkFor(net, { hooks });
  const error = await failure(sdk.token());
  assert.ok(error instanceof InvalidRequestError);
  assert.equal(error.field, "hooks.beforeRequest");
  assert.equal(net.sent.length, 0);
  elsewhere = false;
  await sdk.token();
  assert.equal(net.sent[0]?.redirect, "manual");
});

test("a hook that fails is an InvalidRequestError that names it, and nothing is tried again", async () => {
  for (const [hook, hooks] of [
    ["beforeRequest", { beforeRequest: () => Promise.reject(new Error("broken")) }],
    ["response", { response: () => assert.fail("broken") }],
  ] as const) {
    const net = answering();
    const error = await failure(sdkFor(net, { hooks }).token());
    assert.ok(error instanceof InvalidRequestError);
    assert.equal(error.field, `hooks.${hook}`);
    assert.equal((error.cause as Error).message, "broken");
    assert.ok(net.sent.length <= 1);
  }
});

test("a requestError hook sees a summary without secrets", async () => {
  const errors: Error[] = [];
  const leak = Object.assign(new TypeError("no https://h.test/?token=abc with Bearer abc.def"), {
    config: { secret: CLIENT_SECRET },
  });
  const sdk = sdkFor(
    network(() => leak),
    { hooks: { requestError: (error) => void errors.push(error) } },
  );
  assert.ok((await failure(sdk.iam.tokenRequest({}, { retries: 0 }))) instanceof ConnectionError);
  assert.equal(errors[0]?.message, "no https://h.test/ with Bearer [redacted]");
  assert.equal(Reflect.get(errors[0] ?? {}, "config"), undefined);
});

test("a Deprecation or Sunset header calls onDeprecation once per URL", async () => {
  for (const headers of [DEPRECATED, { deprecation: "@1770854400" }, { sunset: DEPRECATED.sunset }]) {
    const notices: DeprecationNotice[] = [];
    const sdk = sdkFor(answering(headers), { hooks: { onDeprecation: (notice) => void notices.push(notice) } });
    for (const path of ["/old", "/old?page=2", "/older", "/old"]) await sdk.fetch(path);
    assert.deepEqual(
      notices.map(({ url }) => url),
      ["https://api.example.test/old", "https://api.example.test/older"],
    );
  }
});

test("a notice tells since when, until when and where to look [RFC9745 §2.1] [RFC8594 §3]", async () => {
  const notices: DeprecationNotice[] = [];
  const net = network(() => {
    const answer = tokenAnswer();
    for (const [name, value] of Object.entries(DEPRECATED)) answer.headers.set(name, value);
    return answer;
  });
  const sdk = sdkFor(net, {
    tokenURL: "/iam/v1/oauth2/token",
    hooks: { onDeprecation: (notice) => void notices.push(notice) },
  });
  await sdk.token();
  assert.deepEqual(notices, [
    {
      url: "https://api.example.test/iam/v1/oauth2/token",
      deprecatedAt: new Date("2026-02-12T00:00:00Z"),
      sunsetAt: new Date("2029-01-31T00:00:00Z"),
      link: DEPRECATED.link,
    },
  ]);
});

test("a Deprecation that names no date is told without one", async () => {
  const notices: DeprecationNotice[] = [];
  const sdk = sdkFor(answering({ deprecation: "true", sunset: "some day" }), {
    hooks: { onDeprecation: (notice) => void notices.push(notice) },
  });
  await sdk.fetch("/old");
  assert.deepEqual([notices[0]?.deprecatedAt, notices[0]?.sunsetAt], [undefined, undefined]);
});

test("by default a deprecation is one warning for a URL", async () => {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (...what: unknown[]) => void warnings.push(what.map((each) => JSON.stringify(each)).join(" "));
  try {
    const sdk = sdkFor(answering(DEPRECATED));
    await sdk.fetch("/old?token=1");
    await sdk.fetch("/old");
  } finally {
    console.warn = warn;
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /Deprecated.*https:\/\/api\.example\.test\/old".*2026-02-12.*2029-01-31/);
});

test("an onDeprecation hook that throws does not spoil the answer", async () => {
  const sdk = sdkFor(answering(DEPRECATED), { hooks: { onDeprecation: () => assert.fail("broken") } });
  assert.equal((await sdk.fetch("/old")).status, 200);
});

test("the debug log shows method, URL without query, status, timing, and names of headers and fields only", async () => {
  const lines: [string, DebugEvent][] = [];
  const debugLogger = { debug: (message: string, event: DebugEvent) => void lines.push([message, event]) };
  const sdk = sdkFor(answering({ "x-answer": "answer-value" }), { debugLogger });
  await sdk.fetch("/files?q=query-value", {
    method: "POST",
    headers: { "x-asked": "header-value" },
    body: "body-value",
  });
  assert.deepEqual(
    lines.map(([message]) => message),
    ["POST https://api.example.test/oauth2/token 200", "POST https://api.example.test/files 200"],
  );
  const [token, call] = lines.map(([, event]) => event);
  assert.deepEqual(token?.fields, ["grant_type", "client_id", "client_secret"]);
  assert.deepEqual(call?.headers, ["authorization", "user-agent", "x-asked", "x-version"]);
  assert.ok(call?.answerHeaders?.includes("x-answer"));
  assert.equal(call?.status, 200);
  assert.equal(call?.durationMs, 0);
  assert.doesNotMatch(JSON.stringify(lines), /query-value|header-value|body-value|answer-value|token-1|Bearer/);
  assert.ok(!JSON.stringify(lines).includes(CLIENT_SECRET));
});

test("the debug log shows the code of an error, and a logger that throws spoils nothing", async () => {
  const lines: DebugEvent[] = [];
  const net = network(connectionRefused);
  await failure(
    sdkFor(net, { debugLogger: { debug: (_, event) => void lines.push(event) } }).iam.tokenRequest({}, { retries: 0 }),
  );
  assert.equal(lines[0]?.status, "ConnectionError");
  assert.equal(lines[0]?.answerHeaders, undefined);
  const sdk = sdkFor(answering(), { debugLogger: { debug: () => assert.fail("broken") } });
  assert.equal((await sdk.fetch("/x")).status, 200);
});

test("a closed SDK refuses calls, ends its token requests and forgets its tokens", async () => {
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

test("disposing twice is as disposing once", async () => {
  const sdk = sdkFor(answering());
  await sdk[Symbol.asyncDispose]();
  await sdk[Symbol.asyncDispose]();
});

test("a client that the caller supplied is not closed", async () => {
  const options: SDKOptions[] = [{}, { hooks: { response: () => {} } }];
  for (const more of options) {
    const close = () => assert.fail("was closed");
    const client = new HTTPClient({ fetch: answering().fetch });
    const httpClient = Object.assign(client, { close, [Symbol.asyncDispose]: close, [Symbol.dispose]: close });
    const sdk = sdkFor(answering(), { httpClient, ...more });
    await sdk.token();
    await sdk[Symbol.asyncDispose]();
    assert.equal((await httpClient.request("https://h.test/x")).status, 200);
  }
});
