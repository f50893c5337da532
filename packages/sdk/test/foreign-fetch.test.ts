import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionError, type Fetch, HTTPClient } from "@carnet/sdk";
import { runPending } from "./support/caching-sdk.ts";
import { network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

/** A fetch that, like undici's, recognises no Request but its own. */
function foreignFetch() {
  const calls: Sent[] = [];
  const net = network((sent) => {
    if (sent.url.endsWith("token")) return tokenAnswer();
    calls.push(sent);
    return new Response("no", { status: calls.length === 1 ? 401 : 200 });
  });
  const lengths: (number | undefined)[] = [];
  const fetch: Fetch = (input, init) => {
    if (typeof input !== "string" && !(input instanceof URL))
      throw new TypeError("Failed to parse URL from [object Request]");
    lengths.push(
      init?.body instanceof ReadableStream
        ? undefined
        : Number(Object(init?.body ?? "").length ?? Object(init?.body).byteLength),
    );
    return net.fetch(input, init);
  };
  return { fetch, calls, lengths };
}

/** A Request of another class than the runtime's, as undici's is. */
class ForeignRequest {
  readonly #real: Request;
  constructor(real: Request) {
    this.#real = real;
  }
  get url() {
    return this.#real.url;
  }
  get method() {
    return this.#real.method;
  }
  get headers() {
    return this.#real.headers;
  }
  get body() {
    return this.#real.body;
  }
  get bodyUsed() {
    return this.#real.bodyUsed;
  }
  get signal() {
    return this.#real.signal;
  }
  get redirect() {
    return this.#real.redirect;
  }
  clone() {
    return new ForeignRequest(this.#real.clone());
  }
}

const noHooks = {};
const hooks = { beforeRequest: (request: Request) => void request.headers.set("x-hook", "1") as undefined };
const replacing = { beforeRequest: (request: Request) => new Request(request, { headers: { "x-hook": "1" } }) };

for (const [name, own] of Object.entries({
  "no hooks": noHooks,
  hooks,
  "a hook that replaces the request": replacing,
})) {
  test(`a fetch with its own Request class works with ${name}`, async () => {
    for (const make of [
      () => ["/x", { method: "PUT", body: "data" }] as const,
      () => [new Request("https://api.example.test/x", { method: "PUT", body: "data" }), {}] as const,
      () =>
        [
          Object(new ForeignRequest(new Request("https://api.example.test/x", { method: "PUT", body: "data" }))),
          {},
        ] as const,
    ]) {
      const { fetch, calls } = foreignFetch();
      const [input, init] = make();
      const answer = await sdkFor({ fetch }, { hooks: own }).fetch(input, init);
      assert.equal(answer.status, 200);
      for (const sent of calls) {
        assert.deepEqual([sent.url, sent.method, sent.body], ["https://api.example.test/x", "PUT", "data"]);
        assert.equal(sent.headers.get("x-hook"), own === noHooks ? null : "1");
      }
      assert.equal(calls.length, 2);
    }
  });
}

test("a body of known length keeps its length through hooks, and a stream stays a stream", async () => {
  const { fetch, lengths } = foreignFetch();
  const client = new HTTPClient({ fetch, hooks });
  const stream: RequestInit & { duplex: "half" } = { method: "PUT", body: new Blob(["data"]).stream(), duplex: "half" };
  await client.request("https://h.test/x", { method: "PUT", body: "data" });
  await client.request("https://h.test/x", stream);
  assert.deepEqual(lengths, [4, undefined]);
});

test("a transport that returns no usable response causes a ConnectionError and no unhandled rejection", async () => {
  const junk: readonly unknown[] = [undefined, {}, { status: 200, headers: new Headers(), body: {} }];
  for (const response of junk) {
    for (const answer of [() => response, async () => response]) {
      const error = await failure(sdkFor({ fetch: answer as Fetch }).iam.tokenRequest({}, { retries: 0 }));
      assert.ok(error instanceof ConnectionError, String(error));
      await runPending(); // The test runner fails this test if a rejection is unhandled.
    }
  }
});
