import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionError, IamError, InvalidRequestError, type SDKOptions } from "@carnet/sdk";
import { fetchFailed, json, network, type Reaction, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

/** An SDK whose server numbers its tokens, with a scripted API. */
function sdkWithApi(api: (sent: Sent, n: number) => Reaction = () => new Response("ok"), options: SDKOptions = {}) {
  let tokens = 0;
  const calls: Sent[] = [];
  const net = network((sent) => {
    if (sent.url.endsWith("/oauth2/token")) return tokenAnswer({ access_token: `test-token-${tokens++}` });
    return api(sent, calls.push(sent) - 1);
  });
  return { sdk: sdkFor(net, options), calls, tokens: () => tokens };
}

const authorization = ({ headers }: Sent) => headers.get("authorization");
const refuseFirst = (times: number) => (_: Sent, n: number) =>
  n < times ? new Response("who?", { status: 401 }) : new Response("ok");

test("sdk.fetch resolves a path on the server and adds the token, X-Version and the user agent", async () => {
  const { sdk, calls } = sdkWithApi();
  const answer = await sdk.fetch("/files?page=2");
  assert.equal(await answer.text(), "ok");
  const [sent] = calls;
  assert.equal(sent?.url, "https://api.example.test/files?page=2");
  assert.equal(sent?.method, "GET");
  assert.equal(sent?.headers.get("authorization"), "Bearer test-token-0");
  assert.equal(sent?.headers.get("x-version"), "2026-01-01");
  assert.match(sent?.headers.get("user-agent") ?? "", /^carnet-sdk-typescript\/\d/);
});

test("a path is appended to the server's URL and never leaves its origin", async () => {
  const { sdk, calls } = sdkWithApi(undefined, { serverURL: "https://h.test/base/" });
  const inputs = [
    "/a",
    "a",
    "?q=1",
    "//evil.test/a",
    "\\\\evil.test\\a",
    " https://evil.test/",
    "@evil.test/a",
    ":x",
    "../../up",
  ];
  for (const input of inputs) await sdk.fetch(input);
  assert.deepEqual([...new Set(calls.map(({ url }) => new URL(url).origin))], ["https://h.test"]);
  assert.deepEqual(
    calls.slice(0, 3).map(({ url }) => url),
    ["https://h.test/base/a", "https://h.test/base/a", "https://h.test/base?q=1"],
  );
});

test("the caller's X-Version and user agent are kept, but the token is always the SDK's", async () => {
  const { sdk, calls } = sdkWithApi();
  await sdk.fetch("/x", {
    headers: { "x-version": "2022-01-01", "User-Agent": "mine/1", authorization: "Bearer mine" },
  });
  assert.equal(calls[0]?.headers.get("x-version"), "2022-01-01");
  assert.equal(calls[0]?.headers.get("user-agent"), "mine/1");
  assert.equal(calls[0]?.headers.get("authorization"), "Bearer test-token-0");
});

test("a response with any status is returned, as fetch does", async () => {
  for (const status of [200, 204, 304, 400, 403, 404, 501]) {
    const { sdk } = sdkWithApi(() => new Response(null, { status }));
    assert.equal((await sdk.fetch("/x")).status, status);
  }
});

test("after 401 it drops the token, gets a new one and repeats once", async () => {
  const { sdk, calls, tokens } = sdkWithApi(refuseFirst(1));
  const answer = await sdk.fetch("/x", { method: "POST", body: '{"a":1}' });
  assert.equal(answer.status, 200);
  assert.deepEqual(calls.map(authorization), ["Bearer test-token-0", "Bearer test-token-1"]);
  assert.deepEqual(
    calls.map(({ body }) => body),
    ['{"a":1}', '{"a":1}'],
  );
  assert.equal((await sdk.token()).accessToken, "test-token-1");
  assert.equal(tokens(), 2);
});

test("a second 401 is returned", async () => {
  const { sdk, calls } = sdkWithApi(refuseFirst(9));
  const answer = await sdk.fetch("/x");
  assert.equal(answer.status, 401);
  assert.equal(await answer.text(), "who?");
  assert.equal(calls.length, 2);
});

test("a hundred calls that are refused together request one new token", async () => {
  const { sdk, tokens } = sdkWithApi(
    (sent) => new Response("", { status: authorization(sent) === "Bearer test-token-0" ? 401 : 200 }),
  );
  const answers = await Promise.all(Array.from({ length: 100 }, () => sdk.fetch("/x")));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(tokens(), 2);
});

test("if the new token request is refused, the call throws that error", async () => {
  let n = 0;
  const net = network((sent) => {
    if (!sent.url.endsWith("token")) return new Response("", { status: 401 });
    return n++ === 0 ? tokenAnswer() : json({ error: "invalid_client" }, { status: 401 });
  });
  assert.ok((await failure(sdkFor(net).fetch("/x"))) instanceof IamError);
});

test("every kind of body that can be sent again is repeated", async () => {
  const form = new FormData();
  form.set("a", "1");
  for (const body of [
    "text",
    new URLSearchParams({ a: "1" }),
    new Blob(["blob"]),
    new Uint8Array([65]),
    new ArrayBuffer(2),
    form,
  ]) {
    const { sdk, calls } = sdkWithApi(refuseFirst(1));
    assert.equal((await sdk.fetch("/x", { method: "POST", body })).status, 200);
    assert.equal(calls.length, 2);
    const [type, again] = calls.map(({ headers }) => headers.get("content-type")?.split(";")[0]);
    assert.equal(type, again);
    if (!(body instanceof FormData)) assert.equal(calls[0]?.body, calls[1]?.body);
  }
});

test("a stream body is not repeated: the 401 is returned and the token is dropped", async () => {
  const { sdk, calls } = sdkWithApi(refuseFirst(1));
  const answer = await sdk.fetch("/x", { method: "POST", body: new Blob(["streamed"]).stream() });
  assert.equal(answer.status, 401);
  assert.deepEqual([calls.length, calls[0]?.body], [1, "streamed"]);
  assert.equal((await sdk.token()).accessToken, "test-token-1");
});

test("a Request is sent unchanged, and its body is repeated up to 1 MiB", async () => {
  for (const [size, expected] of [
    [10, 200],
    [1_048_576, 200],
    [1_048_577, 401],
  ] as const) {
    const { sdk, calls } = sdkWithApi(refuseFirst(1));
    const request = new Request("https://api.example.test/x", {
      method: "PUT",
      headers: { "content-type": "application/json", "x-mine": "1" },
      body: "x".repeat(size),
    });
    assert.equal((await sdk.fetch(request)).status, expected);
    for (const sent of calls) {
      assert.equal(sent.method, "PUT");
      assert.equal(sent.headers.get("content-type"), "application/json");
      assert.equal(sent.headers.get("x-mine"), "1");
      assert.equal(sent.body.length, size);
    }
    assert.equal(calls.length, expected === 200 ? 2 : 1);
    assert.ok(authorization(calls.at(-1) ?? assert.fail()));
  }
});

test("init overrides the members of a Request, and the Request's signal is respected", async () => {
  const { sdk, calls } = sdkWithApi();
  const controller = new AbortController();
  const request = new Request("https://api.example.test/x", { method: "POST", body: "a", signal: controller.signal });
  await sdk.fetch(request, { method: "PUT", body: "b", headers: { "x-other": "1" } });
  assert.deepEqual([calls[0]?.method, calls[0]?.body, calls[0]?.headers.get("x-other")], ["PUT", "b", "1"]);
  controller.abort();
  const again = new Request("https://api.example.test/x", { signal: controller.signal });
  assert.equal(Reflect.get(Object(await failure(sdk.fetch(again))), "code"), "RequestAbortedError");
});

test("a token is never sent to an origin other than the configured server's", async () => {
  const { sdk, calls, tokens } = sdkWithApi();
  const inputs = [
    "https://evil.test/x",
    "https://api.example.test.evil.test/x",
    "https://api.example.test:444/x",
    "http://api.example.test/x",
    new URL("https://evil.test/x"),
    new Request("https://evil.test/x"),
    "data:text/plain,x",
    "file:///etc/passwd",
    "https://user:hunter2@api.example.test/x",
    "https://",
  ];
  for (const input of inputs) {
    const error = await failure(sdk.fetch(input));
    assert.ok(error instanceof InvalidRequestError, String(input));
    assert.equal(error.field, "input");
    assert.doesNotMatch(error.message, /hunter2/);
  }
  assert.ok((await failure(sdk.fetch("/x", { serverURL: "https://evil.test" }))) instanceof InvalidRequestError);
  assert.equal(calls.length + tokens(), 0);
});

test("a token is sent to other origins in allowedOrigins", async () => {
  const { sdk, calls } = sdkWithApi(undefined, {
    allowedOrigins: ["https://files.test/any/path", new URL("https://up.test:8443")],
  });
  await sdk.fetch("https://files.test/a");
  await sdk.fetch("https://up.test:8443/b");
  await sdk.fetch("/c", { serverURL: "https://files.test" });
  assert.deepEqual(
    calls.map(({ url }) => url),
    ["https://files.test/a", "https://up.test:8443/b", "https://files.test/c"],
  );
  assert.ok(calls.every((sent) => authorization(sent) === "Bearer test-token-0"));
  assert.ok((await failure(sdk.fetch("https://up.test/b"))) instanceof InvalidRequestError);
});

test("a call can request its own scopes", async () => {
  const scopes: (string | null)[] = [];
  const net = network((sent) => {
    if (!sent.url.endsWith("token")) return new Response("ok");
    scopes.push(sent.form.get("scope"));
    return tokenAnswer({ scope: sent.form.get("scope") });
  });
  const sdk = sdkFor(net);
  await sdk.fetch("/x", { scopes: "b a" });
  await sdk.fetch("/x", { scopes: ["a"] });
  assert.deepEqual(scopes, ["a b"]);
});

test("a request that fetch cannot send is an InvalidRequestError that shows no value and is not retried", async () => {
  const used = new Request("https://api.example.test/x", { method: "POST", body: "a" });
  await used.text();
  const { sdk, calls } = sdkWithApi();
  const odd = [
    ["/x", { method: "GET", body: "no" }],
    ["/x", { method: "head", body: "no" }],
    ["/x", { method: "TRACE" }],
    ["/x", { method: "BAD METHOD" }],
  ] as const;
  // Bun's fetch sends some of these, unchanged or with another method.
  const refused = odd.filter(([, init]) => !canMake(init));
  for (const [input, init] of [
    ...refused,
    ["/x", { headers: { "x-y": "hunter2\nz" } }],
    ["/x", { headers: { "bad name": "hunter2" } }],
    [used, {}],
  ] as const) {
    const error = await failure(sdk.fetch(input, init));
    assert.ok(error instanceof InvalidRequestError, String(error));
    assert.doesNotMatch(error.message, /hunter2/);
  }
  assert.equal(calls.length, 0);
});

/** Whether this runtime accepts the request. */
function canMake(init: RequestInit): boolean {
  try {
    return new Request("https://api.example.test/x", init).method !== "";
  } catch {
    return false;
  }
}

test("no error of a call contains the token", async () => {
  const leak = new TypeError("fetch failed: Bearer test-token-0", {
    cause: Object.assign(new Error("test-token-0"), { headers: "test-token-0" }),
  });
  const { sdk } = sdkWithApi(() => leak);
  const error = await failure(sdk.fetch("/x?q=test-token-0", { retries: 0 }));
  assert.ok(error instanceof ConnectionError);
  const cause = error.cause as Error;
  for (const text of [
    error.message,
    error.url,
    String(error.stack),
    cause.message,
    String(cause.stack),
    JSON.stringify(error),
  ]) {
    assert.doesNotMatch(text, /test-token-0/);
  }
  const inner = cause.cause as Error;
  assert.equal(inner.message, "[redacted]");
  assert.equal(Reflect.get(inner, "headers"), undefined);
});

test("sdk.fetch can be passed on as a fetch function", async () => {
  const { sdk, calls } = sdkWithApi();
  const { fetch } = sdk;
  const asFetch: typeof globalThis.fetch = fetch;
  assert.equal((await asFetch("https://api.example.test/x")).status, 200);
  assert.equal(calls.length, 1);
});

test("a connection that breaks while the body is read fails the read, as with fetch", async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(fetchFailed("ECONNRESET")) });
  const { sdk } = sdkWithApi(() => new Response(body));
  const answer = await sdk.fetch("/x");
  await assert.rejects(answer.text());
});
