import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { feedOf, kidOf, secondsOf, serve } from "./support/feed.ts";
import { assertInvalid, failureOf, openWorld, paths, settle } from "./support/world.ts";

suite("A revoked token is refused", () => {
  test("by its id, even after it was verified, within a second", async () => {
    const { issuer, guard, pass } = await openWorld();
    const [text, other] = [await issuer.issue(), await issuer.issue()];
    const { tokenId = "" } = await guard.verify(text);
    await issuer.revoke({ tokenId });
    pass(1);
    await assertInvalid(guard.verify(text), "revoked");
    await guard.verify(other);
  });

  test("when everything of its client is revoked, but none that is issued later", async () => {
    const { issuer, guard, pass } = await openWorld();
    const [text, other] = [await issuer.issue({ clientId: "a" }), await issuer.issue({ clientId: "b" })];
    for (const each of [text, other]) await guard.verify(each);
    await issuer.revoke({ clientId: "a" });
    pass(1);
    await assertInvalid(guard.verify(text), "revoked");
    await guard.verify(other);
    await guard.verify(await issuer.issue({ clientId: "a" }));
  });

  test("when everything issued until an instant is revoked", async () => {
    const { issuer, guard, pass } = await openWorld();
    const text = await issuer.issue();
    await guard.verify(text);
    await issuer.revoke("everything");
    pass(1);
    await assertInvalid(guard.verify(text), "revoked");
    await guard.verify(await issuer.issue());
  });

  test("by the handle of its secret, a cut-off of its client, or its key", async () => {
    const world = await openWorld();
    const { issuer, guard, pass } = world;
    const iat = Math.floor(secondsOf(issuer));
    const oldKid = kidOf(await issuer.issue());
    const text = await issuer.issue({ claims: { rvk: ["client-1", "secret-1"] } });
    await issuer.rotateKeys(); // A feed cannot name its own key
    const revoking: readonly object[] = [
      { handles: ["secret-1"] },
      { cut_offs: { "client-1": iat } },
      { issued_until: iat },
      { keys: [oldKid] },
    ];
    const harmless: readonly object[] = [
      { handles: ["secret-2"], tokens: ["secret-1"] },
      { cut_offs: { "client-1": iat - 1, "secret-1": iat + 9 } },
      { issued_until: iat - 1 },
      { keys: ["another"] },
    ];
    for (const claims of [...harmless, ...revoking]) {
      pass(1);
      serve(world, await feedOf(issuer, claims));
      if (harmless.includes(claims)) await guard.verify(text);
      else await assertInvalid(guard.verify(text), "revoked");
      serve(world, await feedOf(issuer));
      pass(1);
      await guard.verify(text);
    }
  });

  test("by a cut-off when it does not say when it was issued", async () => {
    const world = await openWorld();
    serve(world, await feedOf(world.issuer, { issued_until: 1 }));
    await assertInvalid(world.guard.verify(await world.issuer.issue({ claims: { iat: undefined } })), "revoked");
  });
});

suite("The revocation feed", () => {
  test("is used for half a second, refreshed in the background for another, and then waited for", async () => {
    const { issuer, guard, pass, countOf } = await openWorld();
    const token = await issuer.issue();
    await guard.verify(token);
    pass(0.4);
    await guard.verify(token);
    assert.equal(countOf(paths.feed), 1);
    const { tokenId = "" } = await guard.verify(token);
    await issuer.revoke({ tokenId });
    pass(0.2);
    await guard.verify(token); // The refresh is under way
    assert.equal(countOf(paths.feed), 2);
    await settle();
    await assertInvalid(guard.verify(token), "revoked");
    pass(60);
    await assertInvalid(guard.verify(token), "revoked");
    assert.equal(countOf(paths.feed), 3);
  });

  test("is asked with the ETag of the held snapshot, and a 304 keeps it", async () => {
    const world = await openWorld();
    const { issuer, guard, network, pass } = world;
    serve(world, await feedOf(issuer), { etag: '"one"' });
    const token = await issuer.issue();
    await guard.verify(token);
    let seen: unknown;
    network.answer(paths.feed, (init) => {
      seen = new Headers(init?.headers).get("if-none-match");
      return new Response(null, { status: 304 });
    });
    pass(2);
    await guard.verify(token);
    assert.equal(seen, '"one"');
  });

  test("may need a token of its own", async () => {
    const world = await openWorld({ revocations: { authorization: async () => "Bearer mine" } });
    const { issuer, guard, network } = world;
    network.answer(paths.feed, async (init) =>
      new Headers(init?.headers).get("authorization") === "Bearer mine"
        ? new Response(await feedOf(issuer))
        : new Response(null, { status: 401 }),
    );
    await guard.verify(await issuer.issue());
  });

  for (const onStale of ["refuse", "warn"] as const)
    test(`that cannot be fetched is used until it is stale; then: ${onStale}`, async () => {
      const { issuer, guard, network, pass, warnings } = await openWorld({ revocations: { staleAfter: 60, onStale } });
      const token = await issuer.issue();
      await guard.verify(token);
      network.answer(paths.feed, () => new Response(null, { status: 503 }));
      pass(60);
      await guard.verify(token);
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ["revocations_unavailable"],
      );
      pass(1);
      if (onStale === "warn") await guard.verify(token);
      else {
        const failure = await failureOf(guard.verify(token));
        assert.deepEqual([failure.code, failure.status], ["RevocationsStale", 503]);
      }
      await settle();
      const [last] = warnings.slice(-1);
      if (onStale === "warn") assert.match(last?.message ?? "", /61 seconds old/);
      network.answer(paths.feed, undefined);
      pass(1);
      await guard.verify(token);
    });

  test("that was never there refuses tokens, or only warns", async () => {
    const { issuer, guard, guardWith, network, warnings } = await openWorld();
    network.answer(paths.feed, () => new Response(null, { status: 500 }));
    assert.equal((await failureOf(guard.verify(await issuer.issue()))).code, "RevocationsStale");
    await guardWith({ revocations: { onStale: "warn" } }).verify(await issuer.issue());
    assert.ok(warnings.some(({ code }) => code === "revocations_stale"));
  });

  test("that the issuer does not offer is not missed, unless it is configured", async () => {
    const { issuer, guard, guardWith, network } = await openWorld();
    network.answer(paths.metadata, () =>
      Response.json({ issuer: issuer.issuer, jwks_uri: `${issuer.issuer}${paths.jwks}` }),
    );
    await guard.verify(await issuer.issue());
    const failure = await failureOf(guardWith({ revocations: {} }).verify(await issuer.issue()));
    assert.equal(failure.code, "RevocationsStale");
    assert.match(failure.message, /no revocation feed/);
  });

  test("can be turned off", async () => {
    const { issuer, guard, countOf } = await openWorld({ revocations: false });
    await guard.verify(await issuer.issue());
    assert.equal(countOf(paths.feed), 0);
  });

  test("whose authorization never comes is given up after 20 seconds, and asked for again", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { issuer, guardWith, pass } = await openWorld();
    let authorization = new Promise<string>(() => {});
    const guard = guardWith({ revocations: { authorization: () => authorization } });
    const token = await issuer.issue();
    const failure = failureOf(guard.verify(token));
    await settle();
    context.mock.timers.tick(20_000);
    assert.equal((await failure).code, "RevocationsStale");
    authorization = Promise.resolve("Bearer token");
    pass(1);
    await guard.verify(token);
  });

  test("that hangs keeps nobody waiting longer than a second", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { issuer, guard, network, pass } = await openWorld();
    const token = await issuer.issue();
    await guard.verify(token);
    network.answer(paths.feed, () => new Promise(() => {}));
    pass(2);
    const verification = guard.verify(token);
    await settle();
    context.mock.timers.tick(1000);
    await verification;
  });
});
