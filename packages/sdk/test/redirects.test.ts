import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseValidationError, type SDKOptions } from "@carnet/sdk";
import { network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

/** An SDK whose API redirects the paths in `places` and answers any other with `ok`. */
function sdkWithRedirects(places: Record<string, readonly [number, string | undefined]>, options: SDKOptions = {}) {
  const calls: Sent[] = [];
  const net = network((sent) => {
    if (sent.url.endsWith("/oauth2/token")) return tokenAnswer();
    calls.push(sent);
    const place = places[new URL(sent.url).pathname];
    if (place === undefined) return new Response("ok");
    const [status, location] = place;
    return new Response("moved", { status, ...(location !== undefined && { headers: { location } }) });
  });
  return { sdk: sdkFor(net, options), calls };
}

async function validationError(call: Promise<Response>): Promise<ResponseValidationError> {
  const error = await failure(call);
  assert.ok(error instanceof ResponseValidationError, String(error));
  assert.equal(error.field, "location");
  return error;
}

test("redirects with credentials are never followed to another origin", async () => {
  for (const location of [
    "https://evil.test/x",
    "//evil.test/x",
    "http://api.example.test/x",
    "https://api.example.test:8443/x",
    "https://api.example.test@evil.test/",
    "data:text/plain,x",
  ]) {
    for (const status of [301, 302, 303, 307, 308]) {
      const { sdk, calls } = sdkWithRedirects({ "/a": [status, location] });
      const error = await validationError(sdk.fetch("/a"));
      assert.equal(error.status, status);
      assert.equal(error.rawResponse().headers.get("location"), location);
      assert.equal(calls.length, 1);
    }
  }
});

test("a redirect to an origin in allowedOrigins is followed with the token", async () => {
  const { sdk, calls } = sdkWithRedirects(
    { "/a": [302, "https://files.test/b"] },
    { allowedOrigins: ["https://files.test"] },
  );
  assert.equal(await (await sdk.fetch("/a")).text(), "ok");
  assert.equal(calls[1]?.headers.get("authorization"), "Bearer token-1");
});

test("the transport never follows redirects itself", async () => {
  const { sdk, calls } = sdkWithRedirects({});
  await sdk.fetch("/a");
  await sdk.fetch(new Request("https://api.example.test/a", { redirect: "follow" }));
  assert.deepEqual(
    calls.map(({ redirect }) => redirect),
    ["manual", "manual"],
  );
});

test("a redirect within the server is followed, relative or absolute", async () => {
  const { sdk, calls } = sdkWithRedirects({ "/dir/a": [302, "b?x=1"], "/dir/b": [307, "https://api.example.test/c"] });
  assert.equal(await (await sdk.fetch("/dir/a")).text(), "ok");
  assert.deepEqual(
    calls.map(({ url }) => url.replace("https://api.example.test", "")),
    ["/dir/a", "/dir/b?x=1", "/c"],
  );
});

test("a redirect changes the method and body as fetch does", async () => {
  const cases = [
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [301, "PUT", "PUT"],
    [302, "DELETE", "DELETE"],
    [307, "POST", "POST"],
    [308, "PATCH", "PATCH"],
  ] as const;
  for (const [status, before, after] of cases) {
    const { sdk, calls } = sdkWithRedirects({ "/a": [status, "/b"] });
    const body = before === "HEAD" ? {} : { body: "data", headers: { "content-type": "text/x", "x-mine": "1" } };
    assert.equal((await sdk.fetch("/a", { method: before, ...body })).status, 200);
    const second = calls[1];
    assert.equal(second?.method, after, `${status} ${before}`);
    assert.equal(second?.body, after === before && before !== "HEAD" ? "data" : "");
    if (after === "GET") assert.equal(second?.headers.get("content-type"), null);
    if (before !== "HEAD") assert.equal(second?.headers.get("x-mine"), "1");
  }
});

test("a redirect from POST to GET keeps the token, X-Version and the user agent", async () => {
  for (const headers of [undefined, { "x-mine": "1" }]) {
    const { sdk, calls } = sdkWithRedirects({ "/a": [303, "/b"] });
    await sdk.fetch("/a", { method: "POST", body: "data", ...(headers && { headers }) });
    assert.equal(calls[1]?.headers.get("authorization"), "Bearer token-1");
    assert.equal(calls[1]?.headers.get("x-version"), "2026-01-01");
    assert.match(calls[1]?.headers.get("user-agent") ?? "", /^carnet/);
  }
});

test("a redirected Request keeps its body and headers", async () => {
  const { sdk, calls } = sdkWithRedirects({ "/a": [307, "/b"] });
  const request = new Request("https://api.example.test/a", {
    method: "POST",
    body: "data",
    headers: { "x-mine": "1" },
  });
  await sdk.fetch(request);
  assert.deepEqual([calls[1]?.method, calls[1]?.body, calls[1]?.headers.get("x-mine")], ["POST", "data", "1"]);
});

test("a redirect is not followed if it would resend a stream", async () => {
  const { sdk } = sdkWithRedirects({ "/a": [307, "/b"] });
  await validationError(sdk.fetch("/a", { method: "POST", body: new Blob(["x"]).stream() }));
});

test("a redirect loop ends after twenty redirects", async () => {
  const { sdk, calls } = sdkWithRedirects({ "/a": [302, "/a"] });
  await validationError(sdk.fetch("/a"));
  assert.equal(calls.length, 21);
});

test('redirect: "manual" returns the response, and "error" throws', async () => {
  const { sdk, calls } = sdkWithRedirects({ "/a": [302, "/b"] });
  const answer = await sdk.fetch("/a", { redirect: "manual" });
  assert.deepEqual([answer.status, answer.headers.get("location")], [302, "/b"]);
  await validationError(sdk.fetch("/a", { redirect: "error" }));
  assert.equal(calls.length, 2);
});

test("a redirect without a Location is returned", async () => {
  const { sdk } = sdkWithRedirects({ "/a": [302, undefined] });
  assert.equal((await sdk.fetch("/a")).status, 302);
});

test("a redirect to an invalid URL is refused", async () => {
  const { sdk } = sdkWithRedirects({ "/a": [302, "https://[broken"] });
  await validationError(sdk.fetch("/a"));
});
