import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccessToken, InsufficientScopeError, RequestAbortedError, SDKError } from "@carnet/sdk";
import { ManualClock } from "./support/manual-clock.ts";
import { json, network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

/** An SDK on a server that numbers its tokens and grants what is asked, or `a b c`. */
function caching(members: Record<string, unknown> = {}, options: Parameters<typeof sdkFor>[1] = {}) {
  const clock = new ManualClock();
  const net = network(({ form }: Sent, n) =>
    tokenAnswer({ access_token: `token-${n}`, scope: form.get("scope") ?? "a b c", ...members }),
  );
  return { sdk: sdkFor(net, { clock, ...options }), clock, net };
}

/** A network whose answers come when the test says. */
function held() {
  const answers: ((answer: Response) => void)[] = [];
  const net = network(
    () =>
      new Promise<Response>((resolve) => {
        answers.push(resolve);
      }),
  );
  return { net, answers };
}

/** Lets everything that is ready run. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

const text = ({ accessToken }: AccessToken) => accessToken;

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

test("ten thousand concurrent calls make one request", async () => {
  const { sdk, net } = caching();
  const tokens = await Promise.all(Array.from({ length: 10_000 }, () => sdk.token()));
  assert.equal(net.sent.length, 1);
  assert.equal(new Set(tokens).size, 1);
});

test("each of many callers can abort alone, and the flight goes on for the others", async () => {
  const { net, answers } = held();
  const sdk = sdkFor(net);
  const leaving = new AbortController();
  const staying = new AbortController();
  const left = failure(sdk.token({ signal: leaving.signal }));
  const stays = sdk.token({ signal: staying.signal });
  await turn();
  leaving.abort();
  assert.ok((await left) instanceof RequestAbortedError);
  answers[0]?.(tokenAnswer());
  assert.equal(text(await stays), "token-1");
  assert.equal(net.sent.length, 1);
});

test("when all callers have left, the request is ended and the next caller starts anew", async () => {
  const { net, answers } = held();
  const sdk = sdkFor(net);
  const controller = new AbortController();
  const calls = [1, 2, 3].map(() => failure(sdk.token({ signal: controller.signal })));
  await turn();
  controller.abort();
  await Promise.all(calls);
  await turn();
  assert.equal(net.sent[0]?.signal?.aborted, true);
  const next = sdk.token();
  await turn();
  answers[1]?.(tokenAnswer({ access_token: "second" }));
  assert.equal(text(await next), "second");
});

test("a caller that cannot leave keeps the flight up when the others abort", async () => {
  const { net, answers } = held();
  const sdk = sdkFor(net);
  const controller = new AbortController();
  const stays = sdk.token();
  const left = failure(sdk.token({ signal: controller.signal }));
  await turn();
  controller.abort();
  await left;
  answers[0]?.(tokenAnswer());
  assert.equal(text(await stays), "token-1");
});

test("it is refreshed in the background a fifth of its lifetime ahead, at most 60 s, while the old one is served", async () => {
  for (const [lifetime, ahead] of [
    [100, 20],
    [300, 60],
    [600, 60],
    [86_400, 60],
  ] as const) {
    const { sdk, clock, net } = caching({ expires_in: lifetime }, { random: () => 0 });
    await sdk.token();
    clock.advance((lifetime - ahead) * 1000 - 1);
    await sdk.token();
    await turn();
    assert.equal(net.sent.length, 1);
    clock.advance(1);
    assert.equal(text(await sdk.token()), "token-0");
    await turn();
    assert.equal(net.sent.length, 2);
    assert.equal(text(await sdk.token()), "token-1");
  }
});

test("the refresh is jittered: chance moves it up to half of that later", async () => {
  const { sdk, clock, net } = caching({}, { random: () => 0.999_999 });
  await sdk.token();
  clock.advance(569_999);
  await sdk.token();
  await turn();
  assert.equal(net.sent.length, 1);
  clock.advance(1);
  await sdk.token();
  await turn();
  assert.equal(net.sent.length, 2);
});

test("many calls while it ages start one refresh", async () => {
  const { sdk, clock, net } = caching();
  await sdk.token();
  clock.advance(590_000);
  const tokens = await Promise.all(Array.from({ length: 1000 }, () => sdk.token()));
  assert.deepEqual([...new Set(tokens.map(text))], ["token-0"]);
  await turn();
  assert.equal(net.sent.length, 2);
});

test("nothing is asked for while nobody calls", async () => {
  const { sdk, clock, net } = caching();
  await sdk.token();
  clock.advance(1_000_000);
  await turn();
  assert.equal(net.sent.length, 1);
  assert.equal(clock.timers.size, 0);
});

test("a token is not served beyond its end, nor in the moments before it", async () => {
  for (const [lifetime, last] of [
    [600, 595_000],
    [60, 59_000],
    [6, 5_900],
  ] as const) {
    const net = network((_, n) => (n === 0 ? tokenAnswer({ expires_in: lifetime }) : new Promise<Response>(() => {})));
    const clock = new ManualClock();
    const sdk = sdkFor(net, { clock });
    const token = await sdk.token();
    clock.advance(last - 1);
    assert.equal(await sdk.token(), token);
    clock.advance(1);
    const controller = new AbortController();
    const waits = failure(sdk.token({ signal: controller.signal }));
    await turn();
    controller.abort();
    assert.ok((await waits) instanceof RequestAbortedError);
  }
});

test("a background refresh that fails is not seen, and is tried again only after a while", async () => {
  let healthy = true;
  const clock = new ManualClock();
  const net = network((_, n) => (healthy ? tokenAnswer({ access_token: `token-${n}` }) : json({}, { status: 403 })));
  const sdk = sdkFor(net, { clock });
  await sdk.token();
  healthy = false;
  clock.advance(560_000);
  for (let i = 0; i < 50; i++) {
    assert.equal(text(await sdk.token()), "token-0");
    await turn();
  }
  assert.equal(net.sent.length, 2);
  clock.advance(10_000);
  healthy = true;
  assert.equal(text(await sdk.token()), "token-0");
  await turn();
  assert.equal(text(await sdk.token()), "token-2");
});

test("a short-lived token does not cause a request per call", async () => {
  for (const expires_in of [2, 10, 30, 59]) {
    const { sdk, clock, net } = caching({ expires_in });
    for (let i = 0; i < 100; i++) {
      await sdk.token();
      clock.advance(expires_in * 5);
    }
    assert.equal(net.sent.length, 1);
  }
});

test("a token without a lifetime is kept for five minutes", async () => {
  const { sdk, clock, net } = caching({ expires_in: undefined });
  await sdk.token();
  clock.advance(200_000);
  await sdk.token();
  assert.equal(net.sent.length, 1);
  clock.advance(100_000);
  await sdk.token();
  assert.equal(net.sent.length, 2);
});

test("a token that ends at once serves those who wait for it and nobody later", async () => {
  const { sdk, net } = caching({ expires_in: 0 });
  const [one, two] = await Promise.all([sdk.token(), sdk.token()]);
  assert.equal(one, two);
  assert.equal(net.sent.length, 1);
  await sdk.token();
  assert.equal(net.sent.length, 2);
});

test("the lifetime counts from when the request was sent, not from when the answer came", async () => {
  const clock = new ManualClock();
  const { net, answers } = held();
  const sdk = sdkFor(net, { clock });
  const first = sdk.token();
  await turn();
  clock.advance(20_000);
  answers[0]?.(tokenAnswer({ expires_in: 30 }));
  await first;
  clock.advance(9_500);
  const second = sdk.token();
  await turn();
  answers[1]?.(tokenAnswer({ access_token: "token-2" }));
  assert.equal(text(await second), "token-2");
});

test("forceRefresh gets a new token, which all get from then on", async () => {
  const { sdk, net } = caching();
  await sdk.token();
  assert.equal(text(await sdk.token({ forceRefresh: true })), "token-1");
  assert.equal(text(await sdk.token()), "token-1");
  assert.equal(net.sent.length, 2);
});

test("forced callers at the same time share a request, and do not take one that was under way before", async () => {
  const { net, answers } = held();
  const sdk = sdkFor(net);
  const before = sdk.token();
  await turn();
  const forced = [1, 2, 3].map(() => sdk.token({ forceRefresh: true }));
  await turn();
  assert.equal(net.sent.length, 2);
  answers[1]?.(tokenAnswer({ access_token: "forced" }));
  assert.deepEqual((await Promise.all(forced)).map(text), ["forced", "forced", "forced"]);
  answers[0]?.(tokenAnswer({ access_token: "early" }));
  assert.equal(text(await before), "early");
  assert.equal(text(await sdk.token()), "forced");
});

test("a forced refresh that fails does not lose the token that is held", async () => {
  const net = network((_, n) => (n === 0 ? tokenAnswer() : json({}, { status: 403 })));
  const sdk = sdkFor(net);
  const token = await sdk.token();
  assert.ok((await failure(sdk.token({ forceRefresh: true }))) instanceof SDKError);
  assert.equal(await sdk.token(), token);
});

test("a late answer cannot overwrite a newer one after an invalidation", async () => {
  const { net, answers } = held();
  const sdk = sdkFor(net);
  const early = sdk.token();
  await turn();
  sdk.invalidateToken();
  const later = sdk.token();
  await turn();
  answers[1]?.(tokenAnswer({ access_token: "new" }));
  assert.equal(text(await later), "new");
  answers[0]?.(tokenAnswer({ access_token: "late" }));
  assert.equal(text(await early), "late");
  assert.equal(text(await sdk.token()), "new");
  assert.equal(net.sent.length, 2);
});

test("a late answer after an invalidation is not kept even where no newer one came", async () => {
  const { net, answers } = held();
  const sdk = sdkFor(net);
  const early = sdk.token();
  await turn();
  sdk.invalidateToken();
  answers[0]?.(tokenAnswer({ access_token: "late" }));
  await early;
  const next = sdk.token();
  await turn();
  answers[1]?.(tokenAnswer({ access_token: "new" }));
  assert.equal(text(await next), "new");
});

test("an invalidation ends a refresh in the background that nobody waits for", async () => {
  const clock = new ManualClock();
  const net = network((_, n) => (n === 0 ? tokenAnswer() : new Promise<Response>(() => {})));
  const sdk = sdkFor(net, { clock });
  await sdk.token();
  clock.advance(590_000);
  await sdk.token();
  await turn();
  sdk.invalidateToken();
  assert.equal(net.sent[1]?.signal?.aborted, true);
});

test("a caller that comes just as the last one leaves starts anew", async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const { net, answers } = held();
    const sdk = sdkFor(net);
    const controller = new AbortController();
    const left = failure(sdk.token({ signal: controller.signal }));
    await turn();
    controller.abort();
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    const next = sdk.token();
    await turn();
    for (const answer of answers) answer(tokenAnswer());
    assert.equal(text(await next), "token-1");
    assert.ok((await left) instanceof RequestAbortedError);
  }
});

test("invalidateToken forgets the named token alone", async () => {
  const { sdk, net } = caching();
  const one = await sdk.token({ scopes: "x" });
  const two = await sdk.token({ scopes: "y" });
  sdk.invalidateToken(one.accessToken);
  sdk.invalidateToken("another");
  assert.equal(await sdk.token({ scopes: "y" }), two);
  assert.notEqual(await sdk.token({ scopes: "x" }), one);
  assert.equal(net.sent.length, 3);
});

test("clock steps are survived: neither way do they age or renew a token", async () => {
  const { sdk, clock, net } = caching();
  const token = await sdk.token();
  clock.step(86_400_000 * 365);
  assert.equal(await sdk.token(), token);
  clock.step(-86_400_000 * 730);
  assert.equal(await sdk.token(), token);
  assert.equal(net.sent.length, 1);
  clock.advance(600_000);
  assert.notEqual(await sdk.token(), token);
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

test("the cache is bounded: hundreds of scope sets do not grow it without end", async () => {
  const { sdk, net } = caching({ scope: "" });
  for (let i = 0; i < 600; i++) await sdk.token({ scopes: `s${i}` });
  assert.equal(net.sent.length, 600);
  await sdk.token({ scopes: "s599" });
  assert.equal(net.sent.length, 600);
  await sdk.token({ scopes: "s0" });
  assert.equal(net.sent.length, 601);
});
