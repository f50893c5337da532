import assert from "node:assert/strict";
import { test } from "node:test";
import { InsufficientScopeError } from "@carnet/sdk";
import { caching, text } from "./support/caching-sdk.ts";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

test("sdk.token gives a cached token with the set that the server granted", async () => {
  const { sdk, net } = caching();
  const token = await sdk.token();
  assert.deepEqual(
    { ...token },
    {
      accessToken: "token-0",
      expiresIn: 600,
      scope: "a b c",
      tokenType: "Bearer",
      scopes: ["a", "b", "c"],
    },
  );
  assert.equal(await sdk.token(), token);
  assert.equal(net.sent.length, 1);
});

test("tokens are keyed by the sorted scope set, whatever way it is written", async () => {
  const { sdk, net } = caching();
  const first = await sdk.token({ scopes: ["x", "y"] });
  for (const scopes of ["y x", ["y", "x", "y"], "x  y"]) assert.equal(await sdk.token({ scopes }), first);
  assert.equal(net.sent.length, 1);
  assert.equal(net.sent[0]?.form.get("scope"), "x y");
  await sdk.token({ scopes: "x z" });
  assert.equal(net.sent[1]?.form.get("scope"), "x z");
});

test("scope sets that could be mistaken for another are not", async () => {
  const { sdk, net } = caching();
  await sdk.token({ scopes: ["a,b"] });
  await sdk.token({ scopes: ["a", "b"] });
  await sdk.token({ scopes: ["a|b"] });
  await sdk.token({ scopes: [] });
  assert.equal(net.sent.length, 4);
});

test("tokens are keyed by credential: another secret gets its own, another SDK too", async () => {
  const { net } = caching();
  for (const security of [
    { clientId: "a", clientSecret: "b:c" },
    { clientId: "a:b", clientSecret: "c" },
    { clientId: "a", clientSecret: "c" },
  ]) {
    await sdkFor(net, { security }).token();
  }
  assert.equal(net.sent.length, 3);
});

test("a token granted for more scopes serves a request for fewer", async () => {
  const { sdk, net } = caching();
  const wide = await sdk.token({ scopes: "a b c" });
  assert.equal(await sdk.token({ scopes: "b" }), wide);
  assert.equal(await sdk.token({ scopes: "c a" }), wide);
  assert.equal(net.sent.length, 1);
  await sdk.token({ scopes: "a d" });
  await sdk.token();
  assert.equal(net.sent.length, 3);
});

test("a token that was asked for without scopes serves what it was granted, and nothing else", async () => {
  const { sdk, net } = caching();
  const all = await sdk.token();
  assert.equal(await sdk.token({ scopes: "c b" }), all);
  await sdk.token({ scopes: "d" });
  assert.equal(net.sent.length, 2);
});

test("a token granted for fewer scopes than asked does not serve for those it lacks", async () => {
  const net = network((_, n) => tokenAnswer({ access_token: `token-${n}`, scope: "a" }));
  const sdk = sdkFor(net);
  await sdk.token({ scopes: "a b" });
  await sdk.token({ scopes: "b" });
  assert.equal(net.sent.length, 2);
  assert.equal(text(await sdk.token({ scopes: "a b" })), "token-0");
  assert.equal(net.sent.length, 2);
});

test("a missing needed scope is an error that names it, by the caller's choice", async () => {
  const net = network(() => tokenAnswer({ scope: "a c" }));
  const sdk = sdkFor(net);
  assert.equal((await sdk.token({ scopes: "a b d" })).scope, "a c");
  const error = await failure(sdk.token({ scopes: "a b d", requireScopes: true }));
  assert.ok(error instanceof InsufficientScopeError);
  assert.equal(error.code, "InsufficientScopeError");
  assert.deepEqual(error.missing, ["b", "d"]);
  assert.deepEqual(error.granted, ["a", "c"]);
  assert.match(error.message, /b d/);
  assert.ok((await failure(sdk.fetch("/x", { scopes: "b", requireScopes: true }))) instanceof InsufficientScopeError);
  assert.equal((await sdk.token({ scopes: "c", requireScopes: true })).scope, "a c");
});
