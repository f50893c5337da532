import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionError, HTTPClient, InvalidRequestError } from "@carnet/sdk";
import { connectionRefused, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";

const tokenServer = (headers: Record<string, string> = {}) =>
  network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : new Response("ok", { headers })));

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

test("the SDK's hooks run around every request, outside those of the caller's client", async () => {
  const seen: string[] = [];
  const httpClient = new HTTPClient({
    fetch: tokenServer().fetch,
    hooks: { beforeRequest: () => void seen.push("client") as undefined },
  });
  const sdk = sdkFor(tokenServer(), {
    httpClient,
    hooks: { beforeRequest: (request) => void seen.push(new URL(request.url).pathname) as undefined },
  });
  await sdk.fetch("/x");
  assert.deepEqual(seen, ["/oauth2/token", "client", "/x", "client"]);
});

test("a hook cannot send the token to another origin or enable redirects", async () => {
  let elsewhere = true;
  const net = tokenServer();
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

test("a beforeRequest hook that throws causes an InvalidRequestError that names it, and nothing is sent", async () => {
  const net = tokenServer();
  const hooks = { beforeRequest: () => Promise.reject(new Error("broken")) };
  const error = await failure(sdkFor(net, { hooks }).token());
  assert.ok(error instanceof InvalidRequestError);
  assert.equal(error.field, "hooks.beforeRequest");
  assert.equal((error.cause as Error).message, "broken");
  assert.equal(net.sent.length, 0);
});

test("a hook that throws after the request was sent loses no token, repeats no POST, and is reported once", async () => {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (...what: unknown[]) => void warnings.push(what.map(String).join(" "));
  try {
    for (const response of [() => assert.fail("broken"), () => Promise.reject(new Error("broken"))]) {
      const net = tokenServer();
      const sdk = sdkFor(net, { hooks: { response } });
      assert.equal((await sdk.fetch("/x", { method: "POST", body: "{}" })).status, 200);
      assert.equal((await sdk.token()).accessToken, "token-1");
      assert.equal(net.sent.length, 2);
    }
    const broken = sdkFor(network(connectionRefused), { hooks: { requestError: () => assert.fail("broken") } });
    assert.ok((await failure(broken.token())) instanceof ConnectionError);
  } finally {
    console.warn = warn;
  }
  const [response, again, requestError, ...more] = warnings;
  assert.match(`${response}${again}`, /A hook failed: .*hooks\.response.*hooks\.response/);
  assert.match(String(requestError), /hooks\.requestError/);
  assert.deepEqual(more, []);
});

test("a response hook that reads the body is named, and the POST is not repeated", async () => {
  const net = tokenServer();
  const sdk = sdkFor(net, { hooks: { response: async (response) => void (await response.text()) } });
  const error = await failure(sdk.token());
  assert.ok(error instanceof InvalidRequestError, String(error));
  assert.equal(error.message, "hooks.response read the body. Read `response.clone()` instead.");
  assert.equal(net.sent.length, 1);
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

test("headers that the caller's client adds to one request do not appear in the next one", async () => {
  const seen: (string | null)[] = [];
  const net = tokenServer();
  const client = new HTTPClient({ fetch: net.fetch });
  const sdk = sdkFor(net, {
    httpClient: {
      request: (input, init) => {
        const headers = new Headers(init?.headers);
        seen.push(headers.get("x-trace"));
        if (init?.headers instanceof Headers) init.headers.append("x-trace", "1");
        return client.request(input, init);
      },
    },
  });
  for (let call = 0; call < 3; call++) await sdk.fetch("/x");
  assert.deepEqual(seen, [null, null, null, null]);
});
