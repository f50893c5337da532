import assert from "node:assert/strict";
import { test } from "node:test";
import { InsufficientScopeError } from "@carnet/sdk";
import { cachingSdk, text } from "./support/caching-sdk.ts";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

test("sdk.token returns a cached token with the scopes that the server granted", async () => {
  const { sdk, net } = cachingSdk();
  const token = await sdk.token();
  assert.deepEqual(
    { ...token },
    {
      accessToken: "token-0",
      expiresIn: 600,
      expiresAt: new Date("2026-11-21T12:10:00Z"),
      scope: "a b c",
      tokenType: "Bearer",
      scopes: ["a", "b", "c"],
    },
  );
  assert.equal(await sdk.token(), token);
  assert.equal(net.sent.length, 1);
});

test("tokens are keyed by the sorted scopes, however they are written", async () => {
  const { sdk, net } = cachingSdk();
  const first = await sdk.token({ scopes: ["x", "y"] });
  for (const scopes of ["y x", ["y", "x", "y"], "x  y"]) assert.equal(await sdk.token({ scopes }), first);
  assert.equal(net.sent.length, 1);
  assert.equal(net.sent[0]?.form.get("scope"), "x y");
  await sdk.token({ scopes: "x z" });
  assert.equal(net.sent[1]?.form.get("scope"), "x z");
});

test("similar scope sets do not share a key", async () => {
  const { sdk, net } = cachingSdk();
  await sdk.token({ scopes: ["a,b"] });
  await sdk.token({ scopes: ["a", "b"] });
  await sdk.token({ scopes: ["a|b"] });
  await sdk.token({ scopes: [] });
  assert.equal(net.sent.length, 4);
});

test("tokens are keyed by credentials: another secret and another SDK get their own", async () => {
  const { net } = cachingSdk();
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
  const { sdk, net } = cachingSdk();
  const wide = await sdk.token({ scopes: "a b c" });
  assert.equal(await sdk.token({ scopes: "b" }), wide);
  assert.equal(await sdk.token({ scopes: "c a" }), wide);
  assert.equal(net.sent.length, 1);
  await sdk.token({ scopes: "a d" });
  await sdk.token();
  assert.equal(net.sent.length, 3);
});

test("a token requested without scopes serves only the scopes it was granted", async () => {
  const { sdk, net } = cachingSdk();
  const all = await sdk.token();
  assert.equal(await sdk.token({ scopes: "c b" }), all);
  await sdk.token({ scopes: "d" });
  assert.equal(net.sent.length, 2);
});

test("a token granted for fewer scopes than requested does not serve the missing ones", async () => {
  const net = network((_, n) => tokenAnswer({ access_token: `token-${n}`, scope: "a" }));
  const sdk = sdkFor(net);
  await sdk.token({ scopes: "a b" });
  await sdk.token({ scopes: "b" });
  assert.equal(net.sent.length, 2);
  assert.equal(text(await sdk.token({ scopes: "a b" })), "token-0");
  assert.equal(net.sent.length, 2);
});

test("with requireScopes a missing scope is an error that names it", async () => {
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
