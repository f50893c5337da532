import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import { AdminApi, tokenOf } from "../support/admin-api.ts";

const scopes = "carnet:clients:read carnet:clients:write";
const audience = "urn:carnet:admin";

/** Each route of the admin API, with something in the place of its parameters, and a body that would do. */
const routes = adminOperations.map(({ method, path, scope, operationId }) => ({
  operationId,
  method,
  scope,
  path: `/admin/v1${path.replaceAll(/:\w+/g, "victim")}`,
}));

describe("the guard of the admin API", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let other: TestService;
  let api: AdminApi;
  let good: string;
  before(async () => {
    service = cleanup.use(await startTestService({ clock }));
    other = cleanup.use(await startTestService({ clock }));
    api = await AdminApi.of(service);
    good = api.token;
    await api.expect(201, "POST", "/clients", { body: { client_id: "victim", labels: { is: "victim" } } });
  });
  after(() => cleanup.disposeAsync());

  const everything = async (): Promise<string> => {
    const clients = await api.expect(200, "GET", "/clients?limit=1000");
    const catalogue = await api.expect(200, "GET", "/scopes");
    return JSON.stringify([clients.json, catalogue.json]);
  };

  /** Calls every route, and asserts that each refuses in the same way and that nothing changed. */
  async function assertRefused(
    headers: Readonly<Record<string, string>>,
    expected: (route: (typeof routes)[number]) => { status: number; challenge: RegExp },
    query = "",
  ): Promise<void> {
    const before = await everything();
    for (const route of routes) {
      const { status, challenge } = expected(route);
      const hasBody = route.method !== "GET" && route.method !== "DELETE";
      const response = await fetch(service.url + route.path + query, {
        method: route.method,
        headers: { ...headers, ...(hasBody ? { "content-type": "application/json" } : {}) },
        ...(hasBody ? { body: JSON.stringify({ client_name: "changed", description: "changed" }) } : {}),
      });
      const text = await response.text();
      assert.equal(response.status, status, `${route.operationId}: ${text}`);
      assert.match(String(response.headers.get("www-authenticate")), challenge);
      assert.equal(response.headers.get("content-type"), "application/problem+json;charset=UTF-8");
      assert.equal(response.headers.get("cache-control"), "no-store");
      const { type, title, status: told, detail, request_id, ...rest } = JSON.parse(text);
      assert.deepEqual([told, rest], [status, {}]);
      assert.ok([type, title, detail, request_id].every((member) => typeof member === "string"));
      const token = /^Bearer (.+)$/.exec(headers["authorization"] ?? "")?.[1];
      if (token !== undefined) assert.ok(!text.includes(token) && !service.log.join("").includes(token));
    }
    assert.equal(await everything(), before);
  }

  const unauthorized = () => ({ status: 401, challenge: /^Bearer realm="carnet"$/ });
  const invalidToken = () => ({ status: 401, challenge: /^Bearer realm="carnet", error="invalid_token"$/ });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it("walks every route that the service has under its path", async () => {
    const paths = Object.keys(api.openapi.document.paths).filter((path) => path.startsWith("/admin"));
    const described = paths.flatMap((path) => Object.keys(api.openapi.document.paths[path] ?? {}));
    assert.equal(routes.length, described.length);
    assert.ok(routes.length >= 16);
  });

  it("lets a token of both scopes through to each of them, so that the refusals below are its doing", async () => {
    for (const { method, path, operationId } of routes) {
      if (operationId.startsWith("delete")) continue;
      const response = await fetch(service.url + path, { method, headers: bearer(good) });
      assert.ok(![401, 403].includes(response.status), `${operationId} ${response.status}`);
    }
  });

  for (const [what, headers] of [
    ["no credentials", {}],
    ["an empty token", { authorization: "Bearer " }],
    ["another scheme", { authorization: "Basic Y2FybmV0LWFkbWluOng=" }],
    ["a token under another scheme", { authorization: "Token abc.def.ghi" }],
  ] as const) {
    it(`answers ${what} with 401 and a bare challenge [RFC6750 §3]`, () => assertRefused(headers, unauthorized));
  }

  it("does not read a token from the query or a cookie [RFC9700 §4.3.2]", async () => {
    await assertRefused({}, unauthorized, `?access_token=${good}`);
    await assertRefused({ cookie: `access_token=${good}` }, unauthorized);
  });

  it("answers a token that is none with 401 [RFC6750 §3.1]", async () => {
    for (const token of [
      "planted-token",
      "planted.a.b",
      "..planted",
      good.slice(0, -1),
      `${good}planted`,
      good.split(".").slice(0, 2).join("."),
    ]) {
      await assertRefused(bearer(token), invalidToken);
    }
  });

  it("answers a token whose claims were changed with 401", async () => {
    const [header, , signature] = good.split(".");
    const claims = { ...decodeJwt(good), client_id: "victim" };
    const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
    await assertRefused(bearer(`${header}.${body}.${signature}`), invalidToken);
  });

  it("answers a token without a signature, or of a key of the caller's own, with 401 [RFC8725 §3.1]", async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = decodeJwt(good);
    await assertRefused(bearer(`${encode({ alg: "none", typ: "at+jwt" })}.${encode(claims)}.`), invalidToken);
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const published = Object(await (await fetch(`${service.url}/oauth2/jwks`)).json()).keys[0];
    const jwk = await exportJWK(publicKey);
    for (const header of [
      { alg: "ES256", typ: "at+jwt", kid: published.kid },
      { alg: "ES256", typ: "at+jwt", jwk },
    ]) {
      const forged = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
      await assertRefused(bearer(forged), invalidToken);
    }
    // The public key as the secret of a symmetric signature
    const secret = new TextEncoder().encode(JSON.stringify(published));
    const confused = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "at+jwt" }).sign(secret);
    await assertRefused(bearer(confused), invalidToken);
  });

  it("answers a token of another server with 401", async () => {
    await assertRefused(bearer((await AdminApi.of(other)).token), invalidToken);
  });

  it("answers a token for another audience with 401, whatever its scopes [RFC9068 §4]", async () => {
    const ordinary = await service.register({ scope: scopes });
    await assertRefused(bearer(await tokenOf(service, ordinary)), invalidToken);
    const elsewhere = await service.register({ scope: scopes, audience: `${service.url}/admin/` });
    await assertRefused(bearer(await tokenOf(service, elsewhere)), invalidToken);
  });

  it("answers a token of too small a scope with 403 and the scope that is needed [RFC6750 §3.1]", async () => {
    for (const scope of ["", "carnet:clients:read", "carnet:clients:write", "file:read carnet:clients"]) {
      const token = await tokenOf(service, await service.register({ scope, audience }));
      const before = await everything();
      for (const route of routes.filter((one) => !scope.split(" ").includes(one.scope))) {
        const response = await fetch(service.url + route.path, { method: route.method, headers: bearer(token) });
        assert.equal(response.status, 403, route.operationId);
        const challenge = `Bearer realm="carnet", error="insufficient_scope", scope="${route.scope}"`;
        assert.equal(response.headers.get("www-authenticate"), challenge);
      }
      assert.equal(await everything(), before);
    }
  });

  it("answers an expired token with 401, from the second of its end", async () => {
    const client = await service.register({ scope: scopes, audience, access_token_ttl: 60 });
    const token = await tokenOf(service, client);
    clock.advance(59_999);
    assert.equal((await fetch(`${service.url}/admin/v1/scopes`, { headers: bearer(token) })).status, 200);
    clock.advance(1);
    await assertRefused(bearer(token), invalidToken);
  });

  it("answers a token of a client that was disabled, has expired or was deleted with 401", async () => {
    const ends = { expires_at: new Date(clock.now() + 30_000).toISOString() };
    for (const [settings, end] of [
      [{}, (id: string) => api.expect(200, "POST", `/clients/${id}/disable`)],
      [{}, (id: string) => api.expect(204, "DELETE", `/clients/${id}`)],
      [ends, async () => clock.advance(30_000)],
    ] as const) {
      const client = await service.register({ scope: scopes, audience, ...settings });
      const token = await tokenOf(service, client);
      assert.equal((await fetch(`${service.url}/admin/v1/scopes`, { headers: bearer(token) })).status, 200);
      await end(client.clientId);
      await assertRefused(bearer(token), invalidToken);
    }
  });

  it("holds a token to what its client is registered for now, so that what was taken back counts at once", async () => {
    const client = await service.register({ scope: scopes, audience });
    const token = await tokenOf(service, client);
    const path = `/clients/${client.clientId}`;
    await api.expect(200, "PATCH", path, { body: { scope: "carnet:clients:read" } });
    await api.expect(200, "GET", "/scopes", { token });
    await api.expect(403, "PUT", "/scopes/taken:back", { token, body: { description: "x" } });
    await api.expect(200, "PATCH", path, { body: { scope: scopes, audience: null } });
    await assertRefused(bearer(token), invalidToken);
  });

  it("answers a token of a deleted client with 401, also when its id was registered again in the same second", async () => {
    const registration = { client_id: "made-anew", scope: scopes, audience };
    const token = await tokenOf(service, await service.register(registration));
    await api.expect(204, "DELETE", "/clients/made-anew");
    const again = await service.register(registration);
    await assertRefused(bearer(token), invalidToken);
    await api.expect(200, "GET", "/scopes", { token: await tokenOf(service, again) });
  });

  it("answers a token with 401 as soon as its secret is revoked, and one of another secret as before", async () => {
    const client = await service.register({ scope: scopes, audience });
    const path = `/clients/${client.clientId}/secrets`;
    const { json: added } = await api.expect(201, "POST", path, { body: {} });
    const other = { clientId: client.clientId, clientSecret: String(added["client_secret"]) };
    const [token, tokenOfOther] = [await tokenOf(service, client), await tokenOf(service, other)];
    await api.expect(204, "DELETE", `${path}/${added["secret_id"]}`);
    await assertRefused(bearer(tokenOfOther), invalidToken);
    await api.expect(200, "GET", "/scopes", { token });
  });

  it("answers a client that was disabled while its body was on the way with 401", async () => {
    const client = await service.register({ scope: scopes, audience });
    const token = await tokenOf(service, client);
    const body = new TransformStream<Uint8Array>();
    const writer = body.writable.getWriter();
    const init = {
      method: "POST",
      headers: { ...bearer(token), "content-type": "application/json" },
      body: body.readable,
      duplex: "half",
    };
    const answer = fetch(`${service.url}/admin/v1/clients`, init);
    await writer.write(Buffer.from('{"client_id":'));
    // The guard has let it in once the client is in memory, or soon after: whatever was first, the end is the same
    await api.expect(200, "GET", "/scopes", { token });
    await new Promise<void>((resolve) => setImmediate(resolve));
    await api.expect(200, "POST", `/clients/${client.clientId}/disable`);
    await writer.write(Buffer.from('"backdoor"}'));
    await writer.close();
    assert.equal((await answer).status, 401);
    await api.expect(404, "GET", "/clients/backdoor");
  });

  it("answers a token of a client that may not call from there with 401, wherever it was got", async () => {
    const client = await service.register({ scope: scopes, audience, ip_allowlist: ["127.0.0.0/8"] });
    const token = await tokenOf(service, client);
    assert.equal((await fetch(`${service.url}/admin/v1/scopes`, { headers: bearer(token) })).status, 200);
    await api.expect(200, "PATCH", `/clients/${client.clientId}`, { body: { ip_allowlist: ["203.0.113.0/24"] } });
    await assertRefused(bearer(token), invalidToken);
  });

  it("answers before it reads the body, so that nobody without a token can make it work", async () => {
    const body = new Uint8Array(5 * 1024 * 1024);
    const response = await fetch(`${service.url}/admin/v1/clients`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    assert.equal(response.status, 401);
  });
});
