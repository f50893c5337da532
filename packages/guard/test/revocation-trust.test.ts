import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createTestIssuer } from "@carnet/guard/testing";
import { feedOf, kidOf, secondsOf, serve } from "./support/feed.ts";
import { assertInvalid, failureOf, openWorld, paths, type World } from "./support/world.ts";

suite("A feed that cannot be trusted is not accepted, and the one before goes on counting", () => {
  /** Opens a world in which a token is revoked by the accepted feed, then serves another feed. */
  const against = async (forge: (world: World) => Promise<string>, delay = 1) => {
    const world = await openWorld();
    const { issuer, guard, pass } = world;
    const token = await issuer.issue();
    const { tokenId = "" } = await guard.verify(token);
    await issuer.revoke({ tokenId });
    pass(1);
    await assertInvalid(guard.verify(token), "revoked");
    pass(delay);
    serve(world, await forge(world));
    await assertInvalid(guard.verify(token), "revoked");
    return world;
  };

  const forgeries: Readonly<Record<string, [forge: (world: World) => Promise<string>, warning: string]>> = {
    "signed by a stranger": [
      async ({ issuer }) => feedOf(await createTestIssuer({ clock: issuer.clock })),
      "revocations_invalid",
    ],
    "signed by a stranger under a known kid": [
      async ({ issuer }) =>
        feedOf(await createTestIssuer({ clock: issuer.clock }), {}, { kid: kidOf(await issuer.issue()) }),
      "revocations_invalid",
    ],
    "with a changed payload": [
      async ({ issuer }) => {
        const [header, , signature] = (await feedOf(issuer)).split(".");
        const [, payload] = (await feedOf(issuer, { iat: secondsOf(issuer) + 1 })).split(".");
        return [header, payload, signature].join(".");
      },
      "revocations_invalid",
    ],
    "with the type of an access token": [({ issuer }) => feedOf(issuer, {}, { typ: "at+jwt" }), "revocations_invalid"],
    "that is an access token": [({ issuer }) => issuer.issue(), "revocations_invalid"],
    "of another issuer": [({ issuer }) => feedOf(issuer, { iss: "https://evil.test" }), "revocations_invalid"],
    "that is older: rolled back": [
      ({ issuer }) => feedOf(issuer, { iat: secondsOf(issuer) - 20, exp: secondsOf(issuer) + 10 }),
      "revocations_rolled_back",
    ],
    "that has expired": [({ issuer }) => feedOf(issuer, { exp: secondsOf(issuer) - 5 }), "revocations_invalid"],
    "from the future": [({ issuer }) => feedOf(issuer, { iat: secondsOf(issuer) + 6 }), "revocations_invalid"],
    "without a member": [({ issuer }) => feedOf(issuer, { handles: undefined }), "revocations_invalid"],
    "with a member of another type": [({ issuer }) => feedOf(issuer, { cut_offs: { a: "1" } }), "revocations_invalid"],
    "that names its own key": [
      async ({ issuer }) => feedOf(issuer, { keys: [kidOf(await issuer.issue())] }),
      "revocations_invalid",
    ],
    "that is junk": [async () => "junk", "revocations_unavailable"],
    "that is too long": [async () => "x".repeat(32 * 1024 * 1024 + 1), "revocations_unavailable"],
  };
  for (const [name, [forge, warning]] of Object.entries(forgeries))
    test(name, async () => {
      const { warnings } = await against(forge);
      assert.deepEqual(
        warnings.map(({ code }) => code),
        [warning],
      );
    });

  test("older by a few seconds: as another node of the service signed it, which is no reason to warn", async () => {
    const { warnings } = await against(({ issuer }) => feedOf(issuer, { iat: secondsOf(issuer) - 6 }));
    assert.deepEqual(warnings, []);
  });

  test("frozen: a 304 for ever does not keep it fresh", async () => {
    const { issuer, guard, network, pass } = await openWorld();
    const token = await issuer.issue();
    await guard.verify(token);
    network.answer(paths.feed, () => new Response(null, { status: 304 }));
    for (let second = 0; second < 300; second += 50) {
      await guard.verify(token);
      pass(50);
    }
    pass(1);
    assert.equal((await failureOf(guard.verify(token))).code, "RevocationsStale");
  });

  test("frozen: the same snapshot for ever does not keep it fresh", async () => {
    const world = await openWorld({ revocations: { staleAfter: 20 } });
    serve(world, await feedOf(world.issuer));
    const token = await world.issuer.issue();
    await world.guard.verify(token);
    world.pass(20);
    await world.guard.verify(token);
    world.pass(1);
    assert.equal((await failureOf(world.guard.verify(token))).code, "RevocationsStale");
  });
});

suite("When a signing key is revoked", () => {
  test("a feed that it signs is not accepted once the JWKS has dropped it", async () => {
    const world = await openWorld();
    const { issuer, guard, pass, warnings } = world;
    await guard.verify(await issuer.issue());
    pass(10);
    const forged = await feedOf(issuer, { iat: secondsOf(issuer) + 3, exp: secondsOf(issuer) + 600 });
    await issuer.rotateKeys({ revokeOld: true });
    const token = await issuer.issue();
    await guard.verify(token); // Fetches the keys, because of the unknown kid
    pass(1);
    serve(world, forged);
    await guard.verify(token);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["revocations_invalid"],
    );
  });

  test("what it alone vouched for is dropped: the snapshot and the oldest accepted iat", async () => {
    const world = await openWorld();
    const { issuer, guard, network, pass, warnings } = world;
    const victim = await issuer.issue({ claims: { rvk: ["client-1", "secret-1"] } });
    await guard.verify(victim);
    pass(10);
    // The thief signs a snapshot from the near future, so that true ones look older
    serve(
      world,
      await feedOf(issuer, { iat: secondsOf(issuer) + 4, exp: secondsOf(issuer) + 3600, handles: ["client-2"] }),
    );
    const other = await issuer.issue({ claims: { rvk: ["client-2", "secret-2"] } });
    await assertInvalid(guard.verify(other), "revoked");
    await issuer.rotateKeys({ revokeOld: true });
    network.answer(paths.feed, undefined); // The true feed: an earlier iat, and it names the stolen key
    pass(1);
    const fresh = await issuer.issue({ claims: { rvk: ["client-2", "secret-2"] } });
    await guard.verify(fresh);
    await assertInvalid(guard.verify(victim), "unknown_key");
    assert.deepEqual(warnings, []);
  });

  test("by a feed that names its own signer's rival, the JWKS decides, not the feed", async () => {
    const world = await openWorld();
    const { issuer, guard, pass, warnings } = world;
    const oldKid = kidOf(await issuer.issue());
    const forgedByOld = await feedOf(issuer, {
      iat: secondsOf(issuer) + 11,
      exp: secondsOf(issuer) + 600,
      keys: ["%new%"],
    });
    await issuer.rotateKeys();
    const token = await issuer.issue();
    await guard.verify(token);
    pass(10);
    // The held feed is signed by the new key and names the old one as revoked, but the JWKS still has the old one
    serve(world, await feedOf(issuer, { keys: [oldKid] }));
    await guard.verify(token);
    pass(1);
    serve(world, forgedByOld);
    await guard.verify(token);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["revocations_invalid"],
    );
  });

  test("a feed that names the signer of the held one makes the guard fetch the keys, and the JWKS decides", async () => {
    const world = await openWorld();
    const { issuer, guard, network, pass, warnings } = world;
    const stolenKid = kidOf(await issuer.issue());
    const forged = await feedOf(issuer, { iat: secondsOf(issuer) + 4, exp: secondsOf(issuer) + 3600, handles: ["a"] });
    await issuer.rotateKeys(); // The guard knows both keys, so no unknown key makes it fetch them
    const token = await issuer.issue({ claims: { rvk: ["a", "b"] } });
    serve(world, forged);
    await assertInvalid(guard.verify(token), "revoked");
    const { keys } = await (await issuer.fetch(`${issuer.issuer}${paths.jwks}`)).json();
    network.answer(paths.jwks, () =>
      Response.json({ keys: keys.filter(({ kid }: { kid: string }) => kid !== stolenKid) }),
    );
    pass(1);
    serve(world, await feedOf(issuer, { keys: [stolenKid] })); // Its iat is earlier than the one of the forged feed
    await guard.verify(token);
    assert.deepEqual(warnings, []);
  });

  test("a token that it signs is refused also if it names no key", async () => {
    const world = await openWorld();
    const { issuer, guard, pass } = world;
    const old = await issuer.issue();
    const unnamed = await issuer.issue({ header: { kid: undefined } });
    await issuer.rotateKeys(); // The JWKS that the guard holds still has the old key
    await guard.verify(unnamed);
    pass(1);
    serve(world, await feedOf(issuer, { keys: [kidOf(old)] }));
    await assertInvalid(guard.verify(unnamed), "revoked");
  });

  test("its tokens are refused within a second, although keys were fetched just before", async () => {
    const { issuer, guard, pass } = await openWorld();
    const old = await issuer.issue();
    await guard.verify(old);
    await issuer.rotateKeys({ revokeOld: true });
    pass(1);
    await assertInvalid(guard.verify(old), "revoked");
    await assertInvalid(guard.verify(old), "unknown_key");
  });
});
