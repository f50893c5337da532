import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createTestIssuer } from "@carnet/guard/testing";
import { workspaceArid } from "@carnet/protocol/access-token-claims";
import { assertInvalid, failureOf, openWorld, paths } from "./support/world.ts";

suite("A valid token", () => {
  test("gives its facts, typed, and never itself", async () => {
    const { issuer, guard } = await openWorld();
    const claims = { arid: workspaceArid("w-1"), nested: { list: [1] } };
    const text = await issuer.issue({ scopes: ["file:read", "file:write"], clientId: "demo", claims });
    const token = await guard.verify(text);
    const { claims: all, tokenId, ...facts } = token;
    assert.deepEqual(facts, {
      clientId: "demo",
      subject: "demo",
      scopes: ["file:read", "file:write"],
      audience: ["https://api.test"],
      issuer: "https://issuer.test",
      issuedAt: new Date(Date.UTC(2026, 0, 1)),
      expiresAt: new Date(Date.UTC(2026, 0, 1, 0, 10)),
      workspace: "w-1",
    });
    assert.equal(tokenId, all["jti"]);
    assert.ok(!JSON.stringify(token).includes(text.split(".")[2] ?? ""));
  });

  test("may have claims that are nested deeper than the stack", async () => {
    const { guard, network } = await openWorld({ introspection: { clientId: "api", clientSecret: "secret" } });
    const [deep, claims] = [
      "[".repeat(9000) + "]".repeat(9000),
      '"active":true,"client_id":"c","aud":"https://api.test"',
    ];
    network.answer(paths.introspection, () => new Response(`{${claims},"deep":${deep}}`));
    const token = await guard.verify("opaque");
    assert.ok(Object.isFrozen(token.claims["deep"]));
  });

  test("is frozen, because requests share it", async () => {
    const { issuer, guard } = await openWorld();
    const token = await guard.verify(await issuer.issue({ scopes: ["a"], claims: { nested: { list: [1] } } }));
    for (const part of [token, token.scopes, token.audience, token.claims, token.claims["nested"]])
      assert.ok(Object.isFrozen(part));
    token.expiresAt.setTime(0);
    assert.ok(token.expiresAt.getTime() > 0);
  });

  test("of another server passes with its names for client and scopes", async () => {
    const { issuer, guardWith } = await openWorld();
    const guard = guardWith({ tokenTypes: ["JWT", "none"] });
    const claims = { client_id: undefined, jti: undefined, iat: undefined, scope: undefined, rvk: undefined };
    const azure = { ...claims, azp: "app", scp: "a b" };
    const first = await guard.verify(await issuer.issue({ header: { typ: "JWT" }, claims: azure }));
    assert.deepEqual(
      [first.clientId, first.scopes, first.issuedAt, first.tokenId],
      ["app", ["a", "b"], undefined, undefined],
    );
    const okta = { ...claims, cid: "app", scp: ["a", "b"] };
    const second = await guard.verify(await issuer.issue({ header: { typ: undefined }, claims: okta }));
    assert.deepEqual([second.clientId, second.scopes], ["app", ["a", "b"]]);
  });

  test("may name several audiences, and the API may have several", async () => {
    const { issuer, guardWith } = await openWorld();
    const text = await issuer.issue({ claims: { aud: ["https://other.test", "https://api.test"] } });
    assert.deepEqual((await guardWith({ audience: ["https://a.test", "https://api.test"] }).verify(text)).audience, [
      "https://other.test",
      "https://api.test",
    ]);
  });

  for (const algorithm of ["ES384", "ES512", "EdDSA", "RS256", "RS512", "PS256", "PS384"])
    test(`may be signed with ${algorithm}`, async () => {
      const { issuer, guard } = await openWorld({}, { algorithm });
      assert.equal((await guard.verify(await issuer.issue())).clientId, "test-client");
    });

  test("may carry the media type with its prefix [RFC9068 §4]", async () => {
    const { issuer, guard } = await openWorld();
    await guard.verify(await issuer.issue({ header: { typ: "application/AT+JWT" } }));
  });
});

suite("A token is refused", () => {
  test("with the type of another JWT [RFC9068 §4]", async () => {
    const { issuer, guard } = await openWorld();
    for (const typ of ["JWT", undefined, "revocations+jwt", "at+jwt2"])
      await assertInvalid(guard.verify(await issuer.issue({ header: { typ } })), "type");
  });

  test("of another issuer, even with a trusted key [RFC9068 §4]", async () => {
    const { issuer, guard } = await openWorld();
    for (const iss of ["https://issuer.test/", "https://evil.test", undefined, ["https://issuer.test"]])
      await assertInvalid(guard.verify(await issuer.issue({ claims: { iss } })), "issuer");
    const stranger = await createTestIssuer({ clock: issuer.clock });
    await assertInvalid(guard.verify(await stranger.issue()), "unknown_key");
  });

  test("for another audience [RFC9068 §4]", async () => {
    const { issuer, guard } = await openWorld();
    for (const aud of ["https://api.test/v2", [], ["https://other.test"], undefined, 7])
      await assertInvalid(guard.verify(await issuer.issue({ claims: { aud } })), "audience");
  });

  test("from its expiry on, apart from the tolerance [RFC9068 §4]", async () => {
    const { issuer, guard, guardWith, pass } = await openWorld();
    const text = await issuer.issue({ expiresInSeconds: 600 });
    const exact = guardWith({ clockTolerance: 0 });
    pass(599.9);
    for (const each of [guard, exact]) await each.verify(text);
    pass(0.1);
    await guard.verify(text);
    await assertInvalid(exact.verify(text), "expired");
    pass(5);
    await assertInvalid(guard.verify(text), "expired");
    await assertInvalid(guardWith({}).verify(text), "expired");
  });

  test("before its nbf, apart from the tolerance [RFC7519 §4.1.5]", async () => {
    const { issuer, guard, pass } = await openWorld();
    const text = await issuer.issue({ claims: { nbf: issuer.clock() / 1000 + 60 } });
    await assertInvalid(guard.verify(text), "not_yet_valid");
    pass(55);
    await guard.verify(text);
  });

  test("with a claim that is missing or has another type [RFC9068 §2.2]", async () => {
    const { issuer, guard } = await openWorld();
    for (const claims of [
      { exp: undefined },
      { exp: "9999999999" },
      { exp: 1e300 },
      { iat: "1" },
      { nbf: "1" },
      { client_id: 1 },
    ])
      await assertInvalid(guard.verify(await issuer.issue({ claims })), "claims");
  });

  test("by an error of the program if a requirement is misspelt, because it would admit every token", async () => {
    const { issuer, guard } = await openWorld();
    const text = await issuer.issue();
    for (const wrong of [{ scope: ["files:read"] }, { scopes: "files:read" }, { scopes: null }])
      await assert.rejects(guard.verify(text, Object(wrong)), TypeError);
  });

  test("without each scope that the operation needs, and the answer names them [RFC6750 §3.1]", async () => {
    const { issuer, guard } = await openWorld();
    const text = await issuer.issue({ scopes: ["file:read", "file:writer"] });
    await guard.verify(text, { scopes: ["file:read"] });
    const failure = await failureOf(guard.verify(text, { scopes: ["file:read", "file:write"] }));
    assert.deepEqual([failure.code, failure.status], ["ScopeInsufficient", 403]);
    assert.match(
      failure.challenge ?? "",
      /^Bearer realm="api", error="insufficient_scope", .*scope="file:read file:write"$/,
    );
  });
});
