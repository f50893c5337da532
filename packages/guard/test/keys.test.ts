import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { createTestIssuer } from "@carnet/guard/testing";
import { assertInvalid, failureOf, openWorld, paths, settle } from "./support/world.ts";

suite("The keys of the issuer", () => {
  test("are fetched with the first token, not before, and once for all that wait", async () => {
    const { issuer, guard, network, countOf } = await openWorld();
    await settle();
    assert.deepEqual(network.requests, []);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.issue()));
    await Promise.all(tokens.map((token) => guard.verify(token)));
    assert.deepEqual(network.requests, [paths.metadata, paths.jwks, paths.feed]);
    assert.equal(countOf(paths.jwks), 1);
  });

  test("are fetched again after max-age, in the background", async () => {
    const { issuer, guard, network, countOf, pass } = await openWorld({ revocations: false });
    network.answer(paths.jwks, async () => {
      const response = await issuer.fetch(`${issuer.issuer}${paths.jwks}`);
      return new Response(response.body, { headers: { "cache-control": "public, max-age=60" } });
    });
    const token = await issuer.issue();
    await guard.verify(token);
    pass(59);
    await guard.verify(token);
    assert.equal(countOf(paths.jwks), 1);
    pass(2);
    await guard.verify(token);
    await settle();
    assert.equal(countOf(paths.jwks), 2);
  });

  test("are fetched at once for an unknown kid, so a rotation is seen", async () => {
    const { issuer, guard, pass, countOf } = await openWorld();
    const old = await issuer.issue();
    await guard.verify(old);
    pass(10);
    await issuer.rotateKeys();
    await guard.verify(await issuer.issue());
    await guard.verify(old);
    assert.equal(countOf(paths.jwks), 2);
  });

  test("are fetched at most once in ten seconds, however many unknown kids arrive", async () => {
    const { issuer, guard, pass, countOf } = await openWorld();
    await guard.verify(await issuer.issue());
    const flood = async () => {
      const forged = await Promise.all(
        Array.from({ length: 200 }, (_, n) => issuer.issue({ header: { kid: `kid-${n}` } })),
      );
      for (const [n, token] of forged.entries()) {
        if (n < 100) await assertInvalid(guard.verify(token), "unknown_key");
      }
      await Promise.all(forged.slice(100).map((token) => assertInvalid(guard.verify(token), "unknown_key")));
    };
    await flood();
    assert.equal(countOf(paths.jwks), 1);
    for (let round = 1; round <= 5; round++) {
      pass(10);
      await flood();
      assert.equal(countOf(paths.jwks), 1 + round);
    }
  });

  test("end their tokens when they are removed, including tokens that were verified before", async () => {
    const { issuer, guard, pass } = await openWorld({ revocations: false });
    const old = await issuer.issue({ expiresInSeconds: 3600 });
    await guard.verify(old);
    await issuer.rotateKeys({ revokeOld: true });
    pass(301);
    await guard.verify(old); // Starts the refresh
    await settle();
    await assertInvalid(guard.verify(old), "unknown_key");
    await guard.verify(await issuer.issue());
  });

  test("end a token whose signature was being checked while its key was removed", async () => {
    const { issuer, guard, pass } = await openWorld({ revocations: false });
    const [first, second] = [await issuer.issue(), await issuer.issue({ expiresInSeconds: 3600 })];
    await guard.verify(first);
    await issuer.rotateKeys({ revokeOld: true });
    pass(301);
    await guard.verify(second); // Starts the refresh, which ends before the signature check
    await settle();
    await assertInvalid(guard.verify(second), "unknown_key");
  });

  test("are waited for after twice the max-age, so an API that is called rarely trusts no removed key", async () => {
    const { issuer, guard, pass } = await openWorld({ revocations: false });
    const old = await issuer.issue({ expiresInSeconds: 3600 });
    await guard.verify(old);
    await issuer.rotateKeys({ revokeOld: true });
    pass(601);
    await assertInvalid(guard.verify(old), "unknown_key");
  });

  test("are replaced although the clock was set back since they were fetched", async () => {
    const { issuer, guard, pass } = await openWorld({ revocations: false });
    await guard.verify(await issuer.issue());
    pass(-3600);
    const old = await issuer.issue();
    await issuer.rotateKeys({ revokeOld: true });
    await guard.verify(await issuer.issue());
    await assertInvalid(guard.verify(old), "unknown_key");
  });

  test("end their tokens when another key takes their kid", async () => {
    const { issuer, guard, network, pass } = await openWorld({ revocations: false });
    const old = await issuer.issue({ expiresInSeconds: 3600 });
    await guard.verify(old);
    const kid = JSON.parse(Buffer.from(old.split(".")[0] ?? "", "base64url").toString()).kid;
    const other = await createTestIssuer();
    const { keys } = await (await other.fetch(`${other.issuer}${paths.jwks}`)).json();
    network.answer(paths.jwks, () => Response.json({ keys: [{ ...keys[0], kid }] }));
    pass(601);
    await assertInvalid(guard.verify(old), "signature");
  });

  test("without ids are all tried for a token without one", async () => {
    const { issuer, guard, network } = await openWorld({ revocations: false });
    const first = await issuer.issue({ header: { kid: undefined } });
    await issuer.rotateKeys();
    network.answer(paths.jwks, async () => {
      const { keys } = await (await issuer.fetch(`${issuer.issuer}${paths.jwks}`)).json();
      return Response.json({ keys: keys.map((key: object) => ({ ...key, kid: undefined })) });
    });
    await guard.verify(first);
    await guard.verify(await issuer.issue({ header: { kid: undefined } }));
    const stranger = await createTestIssuer({ clock: issuer.clock });
    await assertInvalid(guard.verify(await stranger.issue({ header: { kid: undefined } })), "signature");
  });
});

suite("While the issuer is away", () => {
  test("its keys go on being used for a day, with a warning, and no longer", async () => {
    const { issuer, guard, network, pass, warnings, countOf } = await openWorld({ revocations: false });
    const token = await issuer.issue({ expiresInSeconds: 200_000 });
    await guard.verify(token);
    network.isDown = true;
    pass(86_399);
    await guard.verify(token);
    await guard.verify(await issuer.issue({ expiresInSeconds: 200_000 }));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["keys_unavailable"],
    );
    assert.match(warnings[0]?.message ?? "", /oauth-authorization-server did not answer: ECONNREFUSED/);
    pass(2);
    const failure = await failureOf(guard.verify(token));
    assert.deepEqual([failure.code, failure.status, failure.retryAfter], ["IssuerUnavailable", 503, 5]);
    const attempts = countOf(paths.metadata);
    for (let n = 0; n < 100; n++) await failureOf(guard.verify(token));
    assert.ok(countOf(paths.metadata) <= attempts + 1, "a flood of requests does not become a flood to the issuer");
    network.isDown = false;
    pass(1);
    await guard.verify(token);
  });

  test("a token of an unknown key is not called invalid: 503", async () => {
    const { issuer, guard, network, pass } = await openWorld();
    await guard.verify(await issuer.issue());
    pass(10);
    network.isDown = true;
    await issuer.rotateKeys();
    assert.equal((await failureOf(guard.verify(await issuer.issue()))).code, "IssuerUnavailable");
  });

  test("from the start, the failure says so and the guard recovers by itself", async () => {
    const { issuer, guard, network, pass } = await openWorld();
    const token = await issuer.issue();
    network.isDown = true;
    assert.equal((await failureOf(guard.verify(token))).code, "IssuerUnavailable");
    network.isDown = false;
    pass(1);
    await guard.verify(token);
  });

  test("hanging requests are given up after five seconds, and keep nobody waiting longer than one", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { issuer, guard, network, pass, warnings } = await openWorld({ revocations: false });
    const token = await issuer.issue({ expiresInSeconds: 3600 });
    await guard.verify(token);
    network.answer(
      paths.metadata,
      (init) =>
        new Promise((_, reject) => {
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        }),
    );
    pass(601);
    let isDone = false;
    const verification = guard.verify(token).then(() => {
      isDone = true;
    });
    await settle();
    assert.equal(isDone, false);
    context.mock.timers.tick(1000);
    await verification;
    assert.equal(warnings.length, 0);
    context.mock.timers.tick(4000);
    await settle();
    assert.match(warnings[0]?.message ?? "", /did not answer: timeout/);
    assert.equal(network.requests.filter((path) => path.includes("/.well-known/")).length, 2, "no other URL is tried");
  });
});

suite("Discovery", () => {
  test("refuses metadata of another issuer [RFC8414 §3.3]", async () => {
    const { issuer, guard, network, warnings } = await openWorld();
    network.answer(paths.metadata, () =>
      Response.json({ issuer: "https://evil.test", jwks_uri: `${issuer.issuer}${paths.jwks}` }),
    );
    assert.equal((await failureOf(guard.verify(await issuer.issue()))).code, "IssuerUnavailable");
    assert.match(warnings[0]?.message ?? "", /names another issuer/);
  });

  test("puts the well-known path before the issuer's path, and falls back to OpenID Connect [RFC8414 §3.1]", async () => {
    const { issuer, guard, network } = await openWorld(
      { revocations: false },
      { issuer: "https://issuer.test/tenant" },
    );
    const keys = await (await issuer.fetch(`${issuer.issuer}${paths.jwks}`)).json();
    network.answer("/keys", () => Response.json(keys));
    network.answer("/tenant/.well-known/openid-configuration", () =>
      Response.json({ issuer: issuer.issuer, jwks_uri: "https://issuer.test/keys" }),
    );
    await guard.verify(await issuer.issue());
    assert.deepEqual(network.requests, [
      "/.well-known/oauth-authorization-server/tenant",
      "/tenant/.well-known/openid-configuration",
      "/keys",
    ]);
  });

  test("does not mind a wrong URL of something that is not used", async () => {
    const { issuer, guard, network } = await openWorld({ revocations: false });
    const metadata = { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}${paths.jwks}` };
    network.answer(paths.metadata, () =>
      Response.json({ ...metadata, introspection_endpoint: "http://internal/", revocations_uri: "" }),
    );
    await guard.verify(await issuer.issue());
  });

  test("uses no keys from a plain http address", async () => {
    const { issuer, guard, network, warnings } = await openWorld();
    network.answer(paths.metadata, () =>
      Response.json({ issuer: issuer.issuer, jwks_uri: "http://issuer.test/oauth2/jwks" }),
    );
    assert.equal((await failureOf(guard.verify(await issuer.issue()))).code, "IssuerUnavailable");
    assert.match(warnings[0]?.message ?? "", /`jwks_uri` must be an https: URL/);
  });

  for (const [name, body] of [
    ["too long", `{"keys":[],"x":"${"x".repeat(1024 * 1024)}"}`],
    ["not JSON", "<html>"],
    ["no JWKS", '{"issuer":"x"}'],
    ["keys that are no objects", '{"keys":[null]}'],
    ["a shared secret", '{"keys":[{"kty":"oct","k":"AAAA","kid":"k"}]}'],
  ] as const)
    test(`survives keys that are ${name}`, async () => {
      const { issuer, guard, network } = await openWorld({ revocations: false });
      network.answer(paths.jwks, () => new Response(body));
      const { code } = await failureOf(guard.verify(await issuer.issue({ header: { kid: "k" } })));
      assert.ok(code === "IssuerUnavailable" || code === "TokenInvalid", code);
    });

  test("reads no more than a megabyte of an answer", async () => {
    const { issuer, guard, network, warnings } = await openWorld();
    let chunks = 0;
    const endless = new ReadableStream({
      pull(controller) {
        chunks += 1;
        controller.enqueue(new Uint8Array(100_000).fill(32));
        if (chunks === 100) controller.close(); // So that a guard that reads on fails and does not hang
      },
    });
    network.answer(paths.jwks, () => new Response(endless));
    assert.equal((await failureOf(guard.verify(await issuer.issue()))).code, "IssuerUnavailable");
    assert.match(inspect(warnings), /the answer is too long/);
    assert.ok(chunks < 15, `${chunks} chunks`);
  });

  test("follows no redirect", async () => {
    const { issuer, guard, network, warnings } = await openWorld();
    network.answer(paths.jwks, (init) => {
      assert.equal(init?.redirect, "manual");
      return new Response(null, { status: 302, headers: { location: "https://evil.test" } });
    });
    assert.equal((await failureOf(guard.verify(await issuer.issue()))).code, "IssuerUnavailable");
    assert.match(inspect(warnings), /oauth2\/jwks answered 302/);
  });
});
