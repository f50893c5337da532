import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import { AdminApi, tokenOf } from "../support/admin-api.ts";

const scopes = "carnet:clients:read carnet:clients:write";
const role = "admin";

/** Each route of the admin API, with its parameters filled in. */
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

  /** Calls every route, and asserts that each refuses in the expected way and that nothing changed. */
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
      const { type, title, status: statusMember, detail, request_id, ...rest } = JSON.parse(text);
      assert.deepEqual([statusMember, rest], [status, {}]);
      assert.ok([type, title, detail, request_id].every((member) => typeof member === "string"));
      const token = /^Bearer (.+)$/.exec(headers["authorization"] ?? "")?.[1];
      if (token !== undefined) assert.ok(!text.includes(token) && !service.log.join("").includes(token));
    }
    assert.equal(await everything(), before);
  }

  const unauthorized = () => ({ status: 401, challenge: /^Bearer realm="carnet"$/ });
  const invalidToken = () => ({ status: 401, challenge: /^Bearer realm="carnet", error="invalid_token"$/ });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it("is tested with every route of the admin API", async () => {
    const paths = Object.keys(api.openapi.document.paths).filter((path) => path.startsWith("/admin"));
    const described = paths.flatMap((path) => Object.keys(api.openapi.document.paths[path] ?? {}));
    assert.equal(routes.length, described.length);
    assert.ok(routes.length >= 16);
  });

  it("accepts a token with both scopes on each route, so that the refusals below come from the guard", async () => {
    for (const { method, path, operationId } of routes) {
      if (operationId.startsWith("delete")) continue;
      const response = await fetch(service.url + path, { method, headers: bearer(good) });
      assert.ok(![401, 403].includes(response.status), `${operationId} ${response.status}`);
    }
  });

  describe("refuses a request without a bearer token with 401 and a bare challenge [RFC6750 §3]", () => {
    for (const [credentials, headers] of [
      ["no credentials", {}],
      ["an empty token", { authorization: "Bearer " }],
      ["another scheme", { authorization: "Basic Y2FybmV0LWFkbWluOng=" }],
      ["a token under another scheme", { authorization: "Token abc.def.ghi" }],
    ] as const) {
      it(credentials, () => assertRefused(headers, unauthorized));
    }
  });

  it("does not read a token from the query or a cookie [RFC9700 §4.3.2]", async () => {
    await assertRefused({}, unauthorized, `?access_token=${good}`);
    await assertRefused({ cookie: `access_token=${good}` }, unauthorized);
  });

  it("refuses a malformed token with 401 [RFC6750 §3.1]", async () => {
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

  it("refuses a token with changed claims with 401", async () => {
    const [header, , signature] = good.split(".");
    const claims = { ...decodeJwt(good), client_id: "victim" };
    const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
    await assertRefused(bearer(`${header}.${body}.${signature}`), invalidToken);
  });

  it("refuses an unsigned token, or one signed with the caller's own key, with 401 [RFC8725 §3.1]", async () => {
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
    // The public key used as the secret of a symmetric signature
    const secret = new TextEncoder().encode(JSON.stringify(published));
    const confused = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "at+jwt" }).sign(secret);
    await assertRefused(bearer(confused), invalidToken);
  });

  it("refuses a token of another service with 401", async () => {
    await assertRefused(bearer((await AdminApi.of(other)).token), invalidToken);
  });

  it("refuses a token for another audience with 401 [RFC9068 §4]", async () => {
    const ordinary = await service.register({ scope: "file:read" });
    await assertRefused(bearer(await tokenOf(service, ordinary)), invalidToken);
    const elsewhere = await service.register({ scope: "file:read", audience: `${service.url}/admin/` });
    await assertRefused(bearer(await tokenOf(service, elsewhere)), invalidToken);
  });

  it("refuses a token for another audience with 401 also after its client was made an admin client", async () => {
    const client = await service.register({ scope: "file:read" });
    const token = await tokenOf(service, client);
    await api.expect(200, "PATCH", `/clients/${client.clientId}`, { body: { role } });
    await assertRefused(bearer(token), invalidToken);
    await api.expect(200, "GET", "/scopes", { token: await tokenOf(service, client) });
  });

  it("refuses a token without the required scope with 403, and names that scope [RFC6750 §3.1]", async () => {
    for (const scope of ["", "carnet:clients:read", "carnet:clients:write"]) {
      const token = await tokenOf(service, await service.register({ scope, role }));
      const before = await everything();
      for (const route of routes.filter((one) => one.scope !== null && !scope.split(" ").includes(one.scope))) {
        const response = await fetch(service.url + route.path, { method: route.method, headers: bearer(token) });
        assert.equal(response.status, 403, route.operationId);
        const challenge = `Bearer realm="carnet", error="insufficient_scope", scope="${route.scope}"`;
        assert.equal(response.headers.get("www-authenticate"), challenge);
      }
      assert.equal(await everything(), before);
    }
  });

  it("refuses an expired token with 401, from the moment it expires", async () => {
    const client = await service.register({ scope: scopes, role, access_token_ttl: 60 });
    const token = await tokenOf(service, client);
    clock.advance(59_999);
    assert.equal((await fetch(`${service.url}/admin/v1/scopes`, { headers: bearer(token) })).status, 200);
    clock.advance(1);
    await assertRefused(bearer(token), invalidToken);
  });

  it("refuses the token of a disabled, expired or deleted client with 401", async () => {
    const ends = { expires_at: new Date(clock.now() + 30_000).toISOString() };
    for (const [settings, end] of [
      [{}, (id: string) => api.expect(200, "POST", `/clients/${id}/disable`)],
      [{}, (id: string) => api.expect(204, "DELETE", `/clients/${id}`)],
      [ends, async () => clock.advance(30_000)],
    ] as const) {
      const client = await service.register({ scope: scopes, role, ...settings });
      const token = await tokenOf(service, client);
      assert.equal((await fetch(`${service.url}/admin/v1/scopes`, { headers: bearer(token) })).status, 200);
      await end(client.clientId);
      await assertRefused(bearer(token), invalidToken);
    }
  });

  it("limits a token to the current registration of its client, so that removed rights end at once", async () => {
    const client = await service.register({ scope: scopes, role });
    const token = await tokenOf(service, client);
    const path = `/clients/${client.clientId}`;
    await api.expect(200, "PATCH", path, { body: { scope: "carnet:clients:read" } });
    await api.expect(200, "GET", "/scopes", { token });
    await api.expect(403, "PUT", "/scopes/taken:back", { token, body: { description: "x" } });
    await api.expect(200, "PATCH", path, { body: { role: null } });
    await assertRefused(bearer(token), invalidToken);
  });

  it("refuses the token of a deleted client with 401, even when its id is registered again in the same second", async () => {
    const registration = { client_id: "registered-again", scope: scopes, role };
    const token = await tokenOf(service, await service.register(registration));
    await api.expect(204, "DELETE", "/clients/registered-again");
    const again = await service.register(registration);
    await assertRefused(bearer(token), invalidToken);
    await api.expect(200, "GET", "/scopes", { token: await tokenOf(service, again) });
  });

  it("refuses a token with 401 as soon as its secret is revoked, and accepts tokens of other secrets", async () => {
    const client = await service.register({ scope: scopes, role });
    const path = `/clients/${client.clientId}/secrets`;
    const { json: added } = await api.expect(201, "POST", path, { body: {} });
    const other = { clientId: client.clientId, clientSecret: String(added["client_secret"]) };
    const [token, tokenOfOther] = [await tokenOf(service, client), await tokenOf(service, other)];
    await api.expect(204, "DELETE", `${path}/${added["secret_id"]}`);
    await assertRefused(bearer(tokenOfOther), invalidToken);
    await api.expect(200, "GET", "/scopes", { token });
  });

  it("refuses a client with 401 when it is disabled while its body is being received", async () => {
    const client = await service.register({ scope: scopes, role });
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
    // By now the guard has accepted the request, or will soon. The outcome must be the same
    await api.expect(200, "GET", "/scopes", { token });
    await new Promise<void>((resolve) => setImmediate(resolve));
    await api.expect(200, "POST", `/clients/${client.clientId}/disable`);
    await writer.write(Buffer.from('"backdoor"}'));
    await writer.close();
    assert.equal((await answer).status, 401);
    await api.expect(404, "GET", "/clients/backdoor");
  });

  it("refuses a token with 401 when its client may not call from this address", async () => {
    const client = await service.register({ scope: scopes, role, ip_allowlist: ["127.0.0.0/8"] });
    const token = await tokenOf(service, client);
    assert.equal((await fetch(`${service.url}/admin/v1/scopes`, { headers: bearer(token) })).status, 200);
    await api.expect(200, "PATCH", `/clients/${client.clientId}`, { body: { ip_allowlist: ["203.0.113.0/24"] } });
    await assertRefused(bearer(token), invalidToken);
  });

  it("refuses a request without a token before it reads the body", async () => {
    const body = new Uint8Array(5 * 1024 * 1024);
    const response = await fetch(`${service.url}/admin/v1/clients`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    assert.equal(response.status, 401);
  });
});
