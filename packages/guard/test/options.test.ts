import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  type AccessToken,
  createGuard,
  type GuardFailure,
  type GuardOptions,
  type IssuerUnavailable,
  type RequestInvalid,
  type RevocationsStale,
  type ScopeInsufficient,
  type TokenInvalid,
  type TokenMissing,
} from "@carnet/guard";
import { openWorld } from "./support/world.ts";

const good: GuardOptions = { issuer: "https://issuer.test", audience: "https://api.test" };

suite("createGuard", () => {
  for (const [options, message] of [
    [{ issuer: "issuer.test" }, /`issuer` must be an https: URL/],
    [{ issuer: "http://issuer.test" }, /`allowInsecureHTTP`/],
    [{ issuer: "https://user:secret@issuer.test" }, /without a user/],
    [{ audience: "" }, /`audience` must be a text that is not empty/],
    [{ audience: [] }, /`audience`/],
    [{ clockTolerance: -1 }, /`clockTolerance` must be a number from 0 to 60/],
    [{ clockTolerance: Number.NaN }, /`clockTolerance`/],
    [{ clockTolerance: 61 }, /`clockTolerance` must be a number from 0 to 60/],
    [{ algorithms: ["ES256", "HS256"] }, /`algorithms` must be asymmetric/],
    [{ algorithms: ["none"] }, /`algorithms`/],
    [{ tokenTypes: [] }, /`tokenTypes`/],
    [{ cache: { tokens: -1 } }, /`cache.tokens`/],
    [{ keys: { maxAge: -1 } }, /`keys.maxAge`/],
    [{ revocations: { staleAfter: -1 } }, /`revocations.staleAfter`/],
    [{ revocations: { onStale: "ignore" } }, /refuse or warn/],
    [{ introspection: { clientId: "", clientSecret: "s" } }, /`introspection.clientId`/],
    [{ introspection: { clientId: "a", clientSecret: "s", when: "never" } }, /opaque or always/],
    [{ resource: "/path" }, /`resource`/],
  ] as const)
    test(`refuses ${JSON.stringify(options)}`, () => {
      const wrong: object = options;
      const make = () => createGuard({ ...good, ...wrong });
      assert.throws(make, { name: "TypeError", message });
      assert.throws(make, ({ message: text }) => !text.includes("secret@"));
    });

  test("accepts plain http on loopback, or when it is allowed", () => {
    for (const options of [
      { issuer: "http://localhost:8080" },
      { issuer: "http://127.0.0.1:8080" },
      { issuer: "http://[::1]:8080" },
      { issuer: "http://carnet.internal", allowInsecureHTTP: true },
    ])
      assert.equal(createGuard({ ...good, ...options }).issuer, options.issuer);
  });

  test("needs nothing but issuer and audience, and tells them", () => {
    const { issuer, audience, resource } = createGuard(good);
    assert.deepEqual(
      { issuer, audience, resource },
      {
        issuer: "https://issuer.test",
        audience: ["https://api.test"],
        resource: undefined,
      },
    );
  });

  test("passes each kind of warning on once a minute, and survives a hook that throws", async () => {
    const { issuer, guardWith, network, pass } = await openWorld();
    const codes: string[] = [];
    const guard = guardWith({
      revocations: false,
      onWarning: ({ code }) => {
        codes.push(code);
        throw new Error("the hook failed");
      },
    });
    network.isDown = true;
    for (let second = 0; second < 61; second++) {
      await assert.rejects(guard.verify(await issuer.issue()), { code: "IssuerUnavailable" });
      pass(1);
    }
    assert.deepEqual(codes, ["keys_unavailable", "keys_unavailable"]);
  });

  test("sets no timer that keeps a process alive", async (context) => {
    const { issuer, guard } = await openWorld();
    await guard.verify(await issuer.issue());
    await new Promise((resolve) => setImmediate(resolve));
    const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    assert.deepEqual(timers, [], context.name);
  });
});

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Assert<T extends true> = T;

test("the types say what can happen", () => {
  type Codes = Assert<
    Equals<
      GuardFailure["code"],
      | "TokenMissing"
      | "RequestInvalid"
      | "TokenInvalid"
      | "ScopeInsufficient"
      | "IssuerUnavailable"
      | "RevocationsStale"
    >
  >;
  type Union = Assert<
    Equals<
      GuardFailure,
      TokenMissing | TokenInvalid | RequestInvalid | ScopeInsufficient | IssuerUnavailable | RevocationsStale
    >
  >;
  const checks: [Codes, Union] = [true, true];
  assert.ok(checks.every(Boolean));
  const token: Pick<AccessToken, "scopes"> = { scopes: [] };
  // @ts-expect-error a verified token cannot be changed
  const change = () => token.scopes.push("more");
  assert.ok(typeof change === "function");
  // @ts-expect-error an API must say who it is
  assert.throws(() => createGuard({ issuer: "https://issuer.test" }), TypeError);
});
