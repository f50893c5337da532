import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { assertInvalid, failureOf, openWorld, paths } from "./support/world.ts";

const introspection = { clientId: "api:1", clientSecret: "s p&ä" };

suite("An opaque token", () => {
  test("is introspected with the API's credentials [RFC7662 §2.1]", async () => {
    const { issuer, guard, network, countOf } = await openWorld({ introspection });
    const text = await issuer.issueOpaque({ scopes: ["file:read"] });
    let seen: RequestInit | undefined;
    network.answer(paths.introspection, (init) => {
      seen = init;
      return issuer.fetch(`${issuer.issuer}${paths.introspection}`, init);
    });
    const token = await guard.verify(text, { scopes: ["file:read"] });
    assert.equal(token.clientId, "test-client");
    assert.equal(token.claims["active"], true);
    assert.equal(seen?.method, "POST");
    const headers = new Headers(seen?.headers);
    // RFC 6749 §2.3.1: form-encoded before it is joined
    assert.equal(headers.get("authorization"), `Basic ${btoa("api%3A1:s+p%26%C3%A4")}`);
    assert.equal(headers.get("content-type"), "application/x-www-form-urlencoded");
    assert.equal(seen?.body, `token=${text}&token_type_hint=access_token`);
    assert.equal(countOf(paths.feed), 0);
  });

  test("is refused when it is not active, whatever else the answer says [RFC7662 §2.2]", async () => {
    const { issuer, guard, network } = await openWorld({ introspection });
    await assertInvalid(guard.verify("unknown"), "inactive");
    for (const active of [false, "true", 1, undefined, null]) {
      network.answer(paths.introspection, () => Response.json({ active, client_id: "a", aud: issuer.audience }));
      await assertInvalid(guard.verify("unknown"), "inactive");
    }
  });

  test("is refused for another audience or issuer, and without a client", async () => {
    const { issuer, guard, network } = await openWorld({ introspection });
    const answer = { active: true, client_id: "a", aud: issuer.audience };
    network.answer(paths.introspection, () => Response.json(answer));
    await guard.verify("good");
    for (const [claims, reason] of [
      [{ aud: "https://other.test" }, "audience"],
      [{ aud: undefined }, "audience"],
      [{ iss: "https://evil.test" }, "issuer"],
      [{ exp: issuer.clock() / 1000 - 60 }, "expired"],
      [{ client_id: undefined }, "claims"],
    ] as const) {
      network.answer(paths.introspection, () => Response.json({ ...answer, ...claims }));
      await assertInvalid(guard.verify(`bad-${reason}-${Math.abs(0)}`), reason);
    }
  });

  test("is remembered for cacheFor seconds, and never longer than it lives", async () => {
    const { issuer, guardWith, pass, countOf } = await openWorld();
    const guard = guardWith({ introspection: { ...introspection, cacheFor: 30 }, clockTolerance: 0 });
    const text = await issuer.issueOpaque({ expiresInSeconds: 40 });
    await Promise.all(Array.from({ length: 50 }, () => guard.verify(text)));
    pass(29);
    await guard.verify(text);
    assert.equal(countOf(paths.introspection), 1);
    pass(1);
    await guard.verify(text);
    assert.equal(countOf(paths.introspection), 2);
    pass(10);
    await assertInvalid(guard.verify(text), "inactive");
  });

  test("is refused as malformed when introspection is off, and a JWT is not introspected", async () => {
    const { issuer, guard, guardWith, countOf } = await openWorld();
    await assertInvalid(guard.verify("opaque"), "malformed");
    await guardWith({ introspection }).verify(await issuer.issue());
    assert.equal(countOf(paths.introspection), 0);
  });

  test("cannot be checked while the issuer is away, and no secret is told: 503", async () => {
    const { guard, network } = await openWorld({ introspection });
    for (const [status, message] of [
      [401, /clientId/],
      [500, /answered 500/],
      [200, /JSON object/],
    ] as const) {
      network.answer(paths.introspection, () => new Response("<html>", { status }));
      const failure = await failureOf(guard.verify("opaque"));
      assert.deepEqual([failure.code, failure.status], ["IssuerUnavailable", 503]);
      assert.match(failure.message, message);
      assert.ok(!inspect(failure, { showHidden: true, depth: 9 }).includes(introspection.clientSecret));
    }
    assert.ok(!inspect(guard, { showHidden: true, depth: 9 }).includes(introspection.clientSecret));
  });

  test("in a flood holds at most a hundred requests to the issuer", async () => {
    const { guard, network, countOf } = await openWorld({ introspection });
    await failureOf(guard.verify("first"));
    const release: (() => void)[] = [];
    network.answer(
      paths.introspection,
      () =>
        new Promise((resolve) => {
          release.push(() => resolve(Response.json({ active: false })));
        }),
    );
    const flood = Array.from({ length: 150 }, (_, n) => failureOf(guard.verify(`random-${n}`)));
    await Promise.all(flood.slice(100));
    assert.equal(countOf(paths.introspection), 101);
    for (const each of release) each();
    const codes = (await Promise.all(flood)).map(({ code }) => code);
    assert.deepEqual(
      [
        codes.filter((code) => code === "TokenInvalid").length,
        codes.filter((code) => code === "IssuerUnavailable").length,
      ],
      [100, 50],
    );
  });
});

test("With `always`, the issuer is asked about JWTs too", async () => {
  const { issuer, guard, network, countOf } = await openWorld({ introspection: { ...introspection, when: "always" } });
  await assertInvalid(guard.verify(await issuer.issue()), "inactive");
  network.answer(paths.introspection, () =>
    Response.json({ active: true, client_id: "a", aud: issuer.audience, scope: "x" }),
  );
  assert.deepEqual((await guard.verify(await issuer.issue())).scopes, ["x"]);
  assert.equal(countOf(paths.introspection), 2);
});
