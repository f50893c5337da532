import assert from "node:assert/strict";
import { test } from "node:test";
import { answerIntrospectionRequest } from "@carnet/core/introspection/introspection-endpoint";
import { paths } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import { reservedClaims } from "@carnet/protocol/static-claims";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint, tokenRequestMessage } from "@carnet/testkit/test-endpoint";
import fc from "fast-check";

const credentials = { client_id: "app", client_secret: "planted-secret-0123456789" };
const secret = { value: new Redacted(credentials.client_secret) };
const claimsIn = (token: unknown) => JSON.parse(Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString());

type Claims = Readonly<Record<string, unknown>>;

/** A client, and claims of the scopes `a`, `b` and `c`, as they are in the store. */
async function endpointWith(client: Claims, scopes: Readonly<Record<string, Claims>> = {}) {
  const endpoint = new TestEndpoint();
  await endpoint.register({ client_id: "app", secret, scope: "b a c", claims: client });
  const ports = adminPortsOf(endpoint);
  for (const [name, claims] of Object.entries(scopes))
    assert.ok((await endpoint.scopes.put({ name, description: name, claims }, ports)).ok);
  await endpoint.scopeClaims.refresh();
  return endpoint;
}

const tokenOf = async (endpoint: TestEndpoint, form: Record<string, string> = {}) =>
  (await endpoint.post({ ...credentials, ...form })).body["access_token"];

test("a token has its client's claims and those of the granted scopes, in this order of precedence", async () => {
  const nested = { limits: { daily: 5, deep: [null, { x: 1 }] } };
  const endpoint = await endpointWith(nested, { a: { tier: "a", a: 1 }, b: { tier: "b", b: 1 }, c: {} });
  const { tier, a, b, limits } = claimsIn(await tokenOf(endpoint));
  assert.deepEqual({ tier, a, b, limits }, { tier: "b", a: 1, b: 1, ...nested }, "b is registered first");
  const one = claimsIn(await tokenOf(endpoint, { scope: "a" }));
  assert.deepEqual([one.tier, one.a, one.b], ["a", 1, undefined], "only of the granted scopes");
});

test("our own claims win over all others, a client's over a scope's, the first scope's over the next one's", async () => {
  const names = ["x", "y", "constructor", "toString"];
  // As if a reserved name were in the store, where no change puts it
  const claims = fc.dictionary(
    fc.constantFrom(...names, ...Object.values(reservedClaims).flat()),
    fc.json().map((json) => JSON.parse(json)),
    {
      noNullPrototype: true,
      maxKeys: 4,
    },
  );
  await fc.assert(
    fc.asyncProperty(claims, fc.tuple(claims, claims, claims), async (ofClient, [a, b, c]) => {
      const endpoint = new TestEndpoint();
      const { client } = await endpoint.register({ client_id: "app", secret, scope: "b a c" });
      const own = claimsIn(await tokenOf(endpoint));
      await endpoint.store.replace({ ...client, version: 2, claims: ofClient as typeof client.claims }, withEvent());
      endpoint.ports.directory.forget("app");
      Object.defineProperty(endpoint.scopeClaims, "byScope", { value: new Map(Object.entries({ a, b, c })) });
      const merged = claimsIn(await tokenOf(endpoint));
      const expected = JSON.parse(JSON.stringify({ ...c, ...a, ...b, ...ofClient, ...own, jti: merged.jti }));
      assert.deepEqual(merged, expected);
    }),
    { numRuns: 100 },
  );
});

test("claims that a token no longer gets are gone once the scopes are read again", async () => {
  const endpoint = await endpointWith({}, { a: { tier: "gold" } });
  assert.equal(claimsIn(await tokenOf(endpoint)).tier, "gold");
  await endpoint.scopes.put({ name: "a", description: "a", claims: null }, adminPortsOf(endpoint));
  assert.equal(claimsIn(await tokenOf(endpoint)).tier, "gold");
  await endpoint.scopeClaims.refresh();
  assert.ok(!("tier" in claimsIn(await tokenOf(endpoint))));
});

test("introspection tells the static claims, and no revocation handle [RFC7662 §2.2]", async () => {
  const endpoint = await endpointWith({ tier: "gold", groups: ["billing"] }, { a: { region: { name: "eu" } } });
  await endpoint.register({
    client_id: "api",
    scope: "carnet:introspect",
    secret: { value: new Redacted("api-secret-0123456789") },
  });
  const form = { client_id: "api", client_secret: "api-secret-0123456789", token: String(await tokenOf(endpoint)) };
  const message = tokenRequestMessage({ body: new Redacted(new URLSearchParams(form).toString()) });
  const answer = await answerIntrospectionRequest(
    { ...message, path: paths.introspect, accept: undefined },
    endpoint.ports,
  );
  const { active, tier, groups, region, rvk } = JSON.parse(answer.body.reveal());
  assert.deepEqual(
    { active, tier, groups, region, rvk },
    { ...{ active: true, tier: "gold", groups: ["billing"] }, ...{ region: { name: "eu" }, rvk: undefined } },
  );
});

test("the largest token is below 16 KiB, and below 8 KiB with 1,500 characters of scopes", async () => {
  for (const [characters, limit] of [
    [4096, 16_384],
    [1500, 8192],
  ] as const) {
    const endpoint = new TestEndpoint();
    await endpoint.scopes.put(
      { name: "s", description: "s", claims: { one: "x".repeat(1014) } },
      adminPortsOf(endpoint),
    );
    await endpoint.scopeClaims.refresh();
    const scope = `s ${"x".repeat(characters - 2)}`;
    await endpoint.register({ client_id: "app", secret, scope, claims: { two: "x".repeat(1014) } });
    const payload = String(await tokenOf(endpoint)).split(".")[1] ?? "";
    // The header, and the largest signature that is no post-quantum one: of RSA with 4096 bits
    assert.ok("Authorization: Bearer ".length + 150 + payload.length + 2 + 683 < limit, `${payload.length}`);
  }
});
