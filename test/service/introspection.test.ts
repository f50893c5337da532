// Introspection in the running service: who may learn what about which token.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import fc from "fast-check";
import { decodeJwt } from "jose";
import { AdminApi, tokenOf } from "../support/admin-api.ts";
import { alterations } from "../support/altered-tokens.ts";
import { answerWhileDraining } from "../support/answer-while-draining.ts";
import { publishedKey } from "../support/published-key.ts";
import { type ClientCredentials, inactive, introspect, query, revoke } from "../support/token-queries.ts";

const path = "/oauth2/introspect";

suite("introspection", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let api: AdminApi;
  let app: ClientCredentials;
  /** An API with the default audience. */
  let files: ClientCredentials;
  let gateway: ClientCredentials;
  before(async () => {
    service = cleanup.use(await startTestService({ clock }));
    api = await AdminApi.of(service);
    app = await service.register({ client_id: "app", username: "robot", workspace: "acme", scope: "file:read" });
    files = await service.register({ client_id: "files", scope: "carnet:introspect" });
    gateway = await service.register({ client_id: "gateway", scope: "carnet:introspect:all" });
  });
  after(() => cleanup.disposeAsync());

  const ask = (parameters: Record<string, string>, client: ClientCredentials | undefined = files) =>
    query(service, { path, client, parameters });

  test("tells what a valid token stands for, as JSON that nobody caches [RFC7662 §2.2]", async () => {
    const token = await tokenOf(service, app);
    const { iat, exp, jti, arid } = decodeJwt(token);
    const answer = await ask({ token });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "application/json;charset=UTF-8");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("x-version"), null);
    assert.deepEqual(answer.json, {
      ...{ active: true, iss: service.url, sub: "app", aud: service.url, client_id: "app", scope: "file:read" },
      ...{ exp, iat, jti, token_type: "Bearer", username: "robot", arid },
    });
  });

  test("leaves out the username and the workspace of a client that has none", async () => {
    const json = await introspect(service, files, await tokenOf(service, files));
    assert.equal(json["active"], true);
    assert.ok(!("username" in json) && !("arid" in json) && !("rvk" in json));
  });

  test("ignores a token_type_hint, whatever it is [RFC7662 §2.1]", async () => {
    const token = await tokenOf(service, app);
    for (const token_type_hint of ["access_token", "refresh_token", "", "anything"])
      assert.equal((await ask({ token, token_type_hint })).json["active"], true);
  });

  test("takes credentials in the body, and JSON as well as a form", async () => {
    const token = await tokenOf(service, app);
    const sent = { token, client_id: files.clientId, client_secret: files.clientSecret };
    const form = await query(service, { path, parameters: sent });
    const json = await query(service, {
      path,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(sent),
    });
    assert.deepEqual([form.json["active"], json.json["active"]], [true, true]);
  });

  test("refuses a caller without credentials, or with wrong ones, and only then says invalid_client [RFC7662 §2.3]", async () => {
    const token = await tokenOf(service, app);
    const wrong = { ...files, clientSecret: "wrong" };
    const nobody = { clientId: "nobody", clientSecret: "wrong" };
    for (const client of [wrong, nobody]) {
      const { status, headers, json } = await ask({ token }, client);
      assert.deepEqual([status, json["error"]], [401, "invalid_client"]);
      assert.match(headers.get("www-authenticate") ?? "", /^Basic /);
    }
    const anonymous = await query(service, { path, parameters: { token } });
    assert.deepEqual([anonymous.status, anonymous.json["error"]], [401, "invalid_client"]);
    const bearer = await query(service, { path, parameters: { token }, headers: { Authorization: `Bearer ${token}` } });
    assert.equal(bearer.status, 401);
  });

  test("answers a caller that may not know about a token exactly as for a token that is no token [RFC7662 §2.2]", async () => {
    const other = await service.register({ scope: "carnet:introspect", audience: "https://elsewhere.example.test" });
    const none = await service.register({ scope: "file:read" });
    const admin = await service.register({ role: "admin" });
    const token = await tokenOf(service, app);
    for (const client of [other, none, admin, app]) {
      const foreign = await ask({ token }, client);
      assert.deepEqual(foreign.json, inactive);
      assert.equal(foreign.text, (await ask({ token: "no token" }, client)).text);
    }
  });

  test("a token for another audience is active for that API and for a client that may introspect all", async () => {
    const audience = "https://graph.example.test";
    const graph = await service.register({ scope: "carnet:introspect", audience });
    const token = await tokenOf(service, await service.register({ scope: "graph:read", audience }));
    assert.equal((await introspect(service, graph, token))["aud"], audience);
    assert.equal((await introspect(service, gateway, token))["active"], true);
    assert.deepEqual(await introspect(service, files, token), inactive);
    const adminToken = await tokenOf(service, await service.register({ role: "auditor" }));
    assert.deepEqual(await introspect(service, files, adminToken), inactive);
  });

  test("a token is inactive from the moment at which it expires [RFC7662 §4]", async () => {
    const token = await tokenOf(service, await service.register({ access_token_ttl: 10 }));
    clock.advance(9_999);
    assert.equal((await introspect(service, files, token))["active"], true);
    clock.advance(1);
    assert.deepEqual(await introspect(service, files, token), inactive);
  });

  test("a token is inactive once it is revoked [RFC7662 §4]", async () => {
    const token = await tokenOf(service, app);
    await revoke(service, app, token);
    assert.deepEqual(await introspect(service, files, token), inactive);
    assert.equal((await introspect(service, files, await tokenOf(service, app)))["active"], true);
  });

  test("a token is inactive while its client is disabled, and after that, and once the client is deleted", async () => {
    const client = await service.register({ client_id: "short-lived", scope: "file:read" });
    const token = await tokenOf(service, client);
    await api.expect(200, "PATCH", "/clients/short-lived", { body: { status: "disabled" } });
    assert.deepEqual(await introspect(service, files, token), inactive);
    await api.expect(200, "PATCH", "/clients/short-lived", { body: { status: "active" } });
    assert.deepEqual(await introspect(service, files, token), inactive);
    const again = await tokenOf(service, client);
    assert.equal((await introspect(service, files, again))["active"], true);
    await api.expect(204, "DELETE", "/clients/short-lived");
    assert.deepEqual(await introspect(service, files, again), inactive);
  });

  test("a token is inactive once its client has expired, even if the end was moved after it was issued", async () => {
    const client = await service.register({ client_id: "ending", scope: "file:read" });
    const token = await tokenOf(service, client);
    const expires_at = new Date(clock.now() + 5000).toISOString();
    await api.expect(200, "PATCH", "/clients/ending", { body: { expires_at } });
    clock.advance(4999);
    assert.equal((await introspect(service, files, token))["active"], true);
    clock.advance(1);
    assert.deepEqual(await introspect(service, files, token), inactive);
  });

  test("a token is active although its secret was revoked alone, or its client may not call from this address", async () => {
    const client = await service.register({ client_id: "two-secrets", scope: "file:read" });
    const { json } = await api.expect(201, "POST", "/clients/two-secrets/secrets", { body: {} });
    const token = await tokenOf(service, client);
    await api.expect(200, "PATCH", "/clients/two-secrets", { body: { ip_allowlist: ["203.0.113.0/24"] } });
    assert.equal((await introspect(service, files, token))["active"], true);
    assert.equal(typeof json["client_secret"], "string");
  });

  test("a forged token is inactive: the signature is checked [RFC7662 §4]", async () => {
    const token = await tokenOf(service, app);
    const publicKey = await publishedKey(service);
    for (const [name, alter] of Object.entries(alterations))
      assert.deepEqual(await introspect(service, gateway, alter({ token, publicKey })), inactive, name);
    const claims = Object(decodeJwt(token));
    for (const [wrong, typ] of [
      [{ iss: "https://elsewhere.example.test" }, "at+jwt"],
      [{}, "token-introspection+jwt"],
      [{}, "JWT"],
      [{ rvk: undefined }, "at+jwt"],
      [{ client_id: "nobody" }, "at+jwt"],
    ] as const) {
      const signed = await service.server.keys.sign({ ...claims, ...wrong }, typ, null);
      assert.deepEqual(await introspect(service, gateway, signed.token), inactive);
    }
  });

  test("any text is answered as an inactive token", async () => {
    const long = await tokenOf(service, app);
    const texts = ["\0", "a\0b", "..", "a.b.c", "é🔑", `${long} `, `${long}\0`, `Bearer ${long}`, "x".repeat(60_000)];
    for (const token of texts) assert.deepEqual(await introspect(service, gateway, token), inactive);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", minLength: 1 }), async (token) => {
        assert.deepEqual(await introspect(service, gateway, token), inactive);
      }),
      { numRuns: 60 },
    );
  });

  test("refuses a request without a token, with two, or with one in the URL [RFC7662 §2.1]", async () => {
    const token = await tokenOf(service, app);
    const bodies = { no_token: "token_type_hint=access_token", repeated_parameter: `token=${token}&token=${token}` };
    for (const [reason, body] of Object.entries(bodies)) {
      const { status, json } = await query(service, { path, client: files, body });
      assert.deepEqual([status, json["error"]], [400, "invalid_request"]);
      assert.equal(service.journal().at(-1)?.["reason"], reason);
    }
    const url = { url: `${service.url}${path}?token=${token}#` };
    const inUrl = await query(url, { path, client: files, body: "token=x" });
    assert.deepEqual([inUrl.status, inUrl.json["error"]], [400, "invalid_request"]);
    assert.equal(service.journal().at(-1)?.["reason"], "token_in_query");
  });

  test("supports POST only, and a body of at most 64 KiB", async () => {
    const got = await fetch(`${service.url}${path}?token=x`);
    assert.deepEqual([got.status, got.headers.get("allow")], [405, "POST"]);
    assert.equal((await ask({ token: "x".repeat(70_000) })).status, 413);
    const cross = await fetch(service.url + path, { method: "OPTIONS", headers: { Origin: "https://page.test" } });
    assert.deepEqual([cross.status, cross.headers.get("access-control-allow-origin")], [405, null]);
  });

  test("respects the authentication method of the caller", async () => {
    const client = await service.register({
      ...{ scope: "carnet:introspect", token_endpoint_auth_method: "client_secret_post" },
    });
    const answer = await ask({ token: "x" }, client);
    assert.deepEqual([answer.status, answer.json["error"]], [400, "unauthorized_client"]);
  });

  test("leaves no event, but counts as a use of the caller's secret", async () => {
    const client = await service.register({ client_id: "counted", scope: "carnet:introspect" });
    const token = await tokenOf(service, app);
    const events = service.journal().length;
    clock.advance(200 * 86_400_000);
    await introspect(service, client, token);
    assert.equal(service.journal().length, events);
    const { json } = await api.expect(200, "GET", "/clients/counted/usage?days=1", { token: await freshAdmin() });
    assert.deepEqual([json["introspected"], json["issued"], json["unused_scopes"]], [1, 0, []]);
    assert.deepEqual(json["addresses"], [{ address: "127.0.0.1", count: 1 }]);
    const unused = await api.expect(200, "GET", "/clients?unused_for_days=90", { token: await freshAdmin() });
    const listed = (unused.json["clients"] as { client_id: string }[]).map(({ client_id }) => client_id);
    assert.ok(!listed.includes("counted") && listed.includes("two-secrets"), listed.join());
  });

  const freshAdmin = async (): Promise<string> => {
    const { clientId, clientSecret } = service.server.bootstrapAdmin ?? assert.fail("there is no bootstrap admin");
    return tokenOf(service, { clientId, clientSecret: clientSecret.reveal() });
  };

  test("no token is in the log or the journal, whatever became of it", async () => {
    const token = await tokenOf(service, app);
    const [, , signature = ""] = token.split(".");
    await introspect(service, files, token);
    await ask({ token }, { ...files, clientSecret: "wrong" });
    await query(service, { path: "/oauth2/revoke", client: files, parameters: { token } });
    await revoke(service, app, token);
    const recorded = service.log.join("") + JSON.stringify(service.journal());
    assert.ok(!recorded.includes(signature) && !recorded.includes(files.clientSecret));
  });

  test("a draining service answers 503, and records it", async () => {
    const draining = await startTestService();
    const answer = await answerWhileDraining(draining, path, "token=x");
    assert.deepEqual([answer.status, Object(answer.body).error], [503, "temporarily_unavailable"]);
    await draining[Symbol.asyncDispose]();
  });

  test("a store that cannot be read is answered with 503, and never with an inactive token", async () => {
    await using broken = await startTestService({ settings: { storeTimeout: "50" } });
    const caller = await broken.register({ scope: "carnet:introspect" });
    const token = await tokenOf(broken, caller);
    using lock = new DatabaseSync(join(broken.folder, "carnet.db"));
    lock.exec("alter table revocations rename to gone");
    const answer = await query(broken, { path, client: caller, parameters: { token } });
    lock.exec("alter table gone rename to revocations");
    assert.equal(answer.status, 503, answer.text);
    assert.ok(!answer.text.includes("active"));
  });
});
