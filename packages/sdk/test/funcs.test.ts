import assert from "node:assert/strict";
import { test } from "node:test";
import { IamError, InvalidRequestError } from "@carnet/sdk";
import { authorizedFetch, iamTokenRequest, invalidateToken, SDKCore, token } from "@carnet/sdk/funcs";
import { json, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_ID, CLIENT_SECRET, sdkFor } from "./support/sdk-for.ts";

function core(answer: (n: number) => Response) {
  const net = network((sent, n) => (sent.url.endsWith("token") ? answer(n) : new Response("ok")));
  const security = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET };
  return { net, core: new SDKCore({ security, serverURL: "https://h.test", httpClient: net.fetch }) };
}

test("iamTokenRequest returns { ok, value } or { ok, error }", async () => {
  const good = await iamTokenRequest(core(() => tokenAnswer()).core);
  assert.ok(good.ok);
  assert.equal(good.value.accessToken, "token-1");
  const bad = await iamTokenRequest(core(() => json({ error: "invalid_scope" }, { status: 400 })).core, { scope: "x" });
  assert.ok(!bad.ok);
  assert.ok(bad.error instanceof IamError);
  const wrong = await iamTokenRequest(core(() => tokenAnswer()).core, {}, { serverURL: "nowhere" });
  assert.ok(!wrong.ok && wrong.error instanceof InvalidRequestError);
});

test("token and invalidateToken share the cache of their core", async () => {
  const { core: own, net } = core((n) => tokenAnswer({ access_token: `token-${n}` }));
  const [one, two] = await Promise.all([token(own), token(own)]);
  assert.ok(one.ok && two.ok && one.value === two.value);
  invalidateToken(own);
  const three = await token(own);
  assert.ok(three.ok && three.value.accessToken === "token-1");
  assert.equal(net.sent.length, 2);
});

test("authorizedFetch returns a response with any status as a value, and errors as results", async () => {
  const { core: own } = core(() => tokenAnswer());
  const good = await authorizedFetch(own, "/x");
  assert.ok(good.ok && good.value.status === 200);
  const bad = await authorizedFetch(own, "https://evil.test");
  assert.ok(!bad.ok && bad.error.code === "InvalidRequestError");
});

test("an SDK is a core, and functions share its cache", async () => {
  const sdk = sdkFor(network((_, n) => tokenAnswer({ access_token: `token-${n}` })));
  const one = await sdk.token();
  const two = await token(sdk);
  assert.ok(two.ok && two.value === one);
});

test("a closed core returns an error instead of throwing", async () => {
  const { core: own } = core(() => tokenAnswer());
  await own[Symbol.asyncDispose]();
  const outcome = await token(own);
  assert.ok(!outcome.ok && outcome.error.code === "InvalidRequestError");
});
