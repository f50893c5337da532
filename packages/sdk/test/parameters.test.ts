import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError, type SDKOptions } from "@carnet/sdk";
import { cachingSdk, text } from "./support/caching-sdk.ts";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

const AUDIENCE = { audience: "https://api.test/" };

test("parameters are sent with each token request, a list as one parameter per value [RFC8707 §2]", async () => {
  const { sdk, net } = cachingSdk({}, { parameters: { resource: ["https://b.test", "https://a.test"], ...AUDIENCE } });
  await sdk.iam.tokenRequest();
  await sdk.token();
  for (const { form } of net.sent) {
    assert.deepEqual(form.getAll("resource"), ["https://b.test", "https://a.test"]);
    assert.equal(form.get("audience"), "https://api.test/");
    assert.equal(form.get("grant_type"), "client_credentials");
  }
  assert.equal(net.sent.length, 2);
});

test("a call's parameters replace those of the SDK by name, and undefined removes one", async () => {
  const { sdk, net } = cachingSdk({}, { parameters: { resource: "r", ...AUDIENCE } });
  await sdk.iam.tokenRequest({ parameters: { audience: "other", extra: "&=x" } });
  await sdk.iam.tokenRequest({ parameters: { audience: undefined } });
  await sdk.iam.tokenRequest({ parameters: { audience: [] } });
  const sent = net.sent.map(({ form }) => ["resource", "audience", "extra"].map((name) => form.get(name)));
  assert.deepEqual(sent, [
    ["r", "other", "&=x"],
    ["r", null, null],
    ["r", null, null],
  ]);
});

test("parameters identify a cached token, in any order", async () => {
  const { sdk, net } = cachingSdk();
  const both = await sdk.token({ parameters: { resource: "r", audience: "a" } });
  assert.equal(await sdk.token({ parameters: { audience: "a", resource: "r" } }), both);
  assert.equal(net.sent.length, 1);
  const tokens = [
    await sdk.token(),
    await sdk.token({ parameters: { audience: "a" } }),
    await sdk.token({ parameters: { audience: "b" } }),
    await sdk.token({ scopes: "a", parameters: { audience: "b" } }),
    await sdk.token({ scopes: "a" }),
  ];
  // The last two are served by the tokens for all scopes that have the same parameters.
  assert.deepEqual(tokens.map(text), ["token-1", "token-2", "token-3", "token-3", "token-1"]);
});

test("fetch takes parameters for its token and does not send them to the API", async () => {
  const net = network(({ url }) => (url.endsWith("token") ? tokenAnswer() : new Response("ok")));
  const sdk = sdkFor(net);
  await sdk.fetch("/x", { parameters: AUDIENCE });
  assert.equal(net.sent[0]?.form.get("audience"), AUDIENCE.audience);
  assert.equal(net.sent[1]?.url, "https://api.example.test/x");
  assert.equal(net.sent[1]?.body, "");
});

test("reserved names and values that are not strings are refused before anything is sent", async () => {
  const { sdk, net } = cachingSdk();
  for (const parameters of [
    { grant_type: "password" },
    { client_id: "x" },
    { client_secret: "x" },
    { scope: "x" },
    Object({ audience: 7 }),
    Object({ audience: ["a", null] }),
  ]) {
    const field = `parameters.${Object.keys(parameters)[0]}`;
    const make = () => cachingSdk({}, { parameters } satisfies SDKOptions);
    assert.throws(make, (error) => error instanceof InvalidRequestError && error.field === field);
    for (const call of [
      sdk.token({ parameters }),
      sdk.fetch("/x", { parameters }),
      sdk.iam.tokenRequest({ parameters }),
    ]) {
      assert.ok((await failure(call)) instanceof InvalidRequestError);
    }
  }
  assert.equal(net.sent.length, 0);
});
