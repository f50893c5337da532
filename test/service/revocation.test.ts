// Revocation by clients themselves, in the running service.
import assert from "node:assert/strict";
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

const path = "/oauth2/revoke";

suite("revocation by a client", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let api: AdminApi;
  let app: ClientCredentials;
  let gateway: ClientCredentials;
  before(async () => {
    service = cleanup.use(await startTestService({ clock }));
    api = await AdminApi.of(service);
    app = await service.register({ client_id: "app", scope: "file:read" });
    gateway = await service.register({ client_id: "gateway", scope: "carnet:introspect:all" });
  });
  after(() => cleanup.disposeAsync());

  const ask = (parameters: Record<string, string>, client: ClientCredentials | undefined = app) =>
    query(service, { path, client, parameters });
  const isActive = async (token: string) => (await introspect(service, gateway, token))["active"];
  const revocations = () => service.journal().filter(({ event }) => event === "tokens_revoked");

  test("revokes the token at once, and no other, and answers with 200 and no body [RFC7009 §2.2]", async () => {
    const [token, other] = [await tokenOf(service, app), await tokenOf(service, app)];
    const answer = await ask({ token });
    assert.deepEqual([answer.status, answer.text], [200, ""]);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.deepEqual([await isActive(token), await isActive(other)], [false, true]);
    const returned = await fetch(`${service.url}/oauth2/token`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.equal(returned.status, 400);
  });

  test("is recorded with the client, its secret and the id of the token, once", async () => {
    const token = await tokenOf(service, app);
    const before = revocations().length;
    await revoke(service, app, token);
    await revoke(service, app, token);
    const [event, ...more] = revocations().slice(before);
    assert.deepEqual(more, []);
    assert.deepEqual(Object(event?.actor).client_id, "app");
    assert.equal(Object(event?.actor).secret_id.length, 16);
    assert.deepEqual(
      Object(event?.["objects"]).map(({ type, id }: { type: string; id: string }) => [type, id]),
      [["token", decodeJwt(token).jti]],
    );
  });

  test("ignores a token_type_hint, whatever it is [RFC7009 §2.1]", async () => {
    for (const token_type_hint of ["access_token", "refresh_token", "anything"]) {
      const token = await tokenOf(service, app);
      assert.equal((await ask({ token, token_type_hint })).status, 200);
      assert.equal(await isActive(token), false);
    }
  });

  test("answers 200 for a token that is not valid, and revokes nothing [RFC7009 §2.2]", async () => {
    const before = revocations().length;
    const expired = await tokenOf(service, await service.register({ access_token_ttl: 1 }));
    clock.advance(61_000); // verifiers may accept it for a minute longer
    const token = await tokenOf(service, app);
    const publicKey = await publishedKey(service);
    const forged = Object.values(alterations).map((alter) => alter({ token, publicKey }));
    for (const text of [expired, ...forged, "x", "a.b.c", "\0", "x".repeat(60_000)]) await revoke(service, app, text);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", minLength: 1 }), (text) => revoke(service, app, text)),
      { numRuns: 40 },
    );
    assert.deepEqual([revocations().length, await isActive(token)], [before, true]);
  });

  test("refuses a token of another client, which stays valid [RFC7009 §2.1]", async () => {
    const thief = await service.register({ client_id: "thief", scope: "carnet:introspect:all" });
    const token = await tokenOf(service, app);
    const answer = await ask({ token }, thief);
    assert.deepEqual([answer.status, answer.json["error"]], [400, "unauthorized_client"]);
    assert.match(String(answer.json["error_description"]), /another client/);
    assert.equal(await isActive(token), true);
    const { json } = await api.expect(
      ...([200, "GET", `/explain?request_id=${answer.headers.get("x-request-id")}`] as const),
    );
    assert.match(String(json["what"]), /^a revocation request of the client thief from /);
  });

  test("authenticates the client first [RFC7009 §2.1]", async () => {
    const token = await tokenOf(service, app);
    for (const client of [undefined, { ...app, clientSecret: "wrong" }]) {
      const answer = await query(service, { path, parameters: { token }, ...(client && { client }) });
      assert.deepEqual([answer.status, answer.json["error"]], [401, "invalid_client"]);
    }
    assert.equal(await isActive(token), true);
  });

  test("refuses a request without a token, with two, or with one in the URL [RFC7009 §2.1]", async () => {
    for (const body of [
      "token_type_hint=access_token",
      "token=x&token=x",
      "token=x&token_type_hint=a&token_type_hint=a",
    ]) {
      const { status, json } = await query(service, { path, client: app, body });
      assert.deepEqual([status, json["error"]], [400, "invalid_request"]);
    }
    const url = { url: `${service.url}${path}?token=x#` };
    assert.equal((await query(url, { path, client: app, body: "token=x" })).status, 400);
  });

  test("supports POST only, and no other origin [RFC7009 §2]", async () => {
    const got = await fetch(`${service.url}${path}?token=x&callback=run`);
    assert.deepEqual([got.status, got.headers.get("allow")], [405, "POST"]);
    assert.equal(got.headers.get("access-control-allow-origin"), null);
  });

  test("does nothing to a client that was registered again under the same id", async () => {
    const first = await service.register({ client_id: "again", scope: "file:read" });
    const token = await tokenOf(service, first);
    await api.expect(204, "DELETE", "/clients/again");
    const second = await service.register({ client_id: "again", scope: "file:read" });
    const before = revocations().length;
    await revoke(service, second, token);
    assert.equal(revocations().length, before);
    assert.deepEqual(await introspect(service, gateway, token), inactive);
  });

  test("a client that revokes more than a hundred tokens loses those that it had until then, and the list stays short", async () => {
    const busy = await service.register({ client_id: "busy", scope: "file:read" });
    const survivor = await tokenOf(service, busy);
    for (let count = 0; count < 101; count++) await revoke(service, busy, await tokenOf(service, busy));
    assert.equal(await isActive(survivor), false);
    const live = await service.server.registry.store.find("busy" as never);
    assert.ok(live !== undefined);
  });

  test("counts as a use of the client's secret", async () => {
    const client = await service.register({ client_id: "counted", scope: "file:read" });
    await revoke(service, client, "x");
    const { json } = await api.expect(200, "GET", "/clients/counted/usage?days=1");
    assert.deepEqual([json["revoked"], json["issued"]], [1, 0]);
  });

  test("a draining service answers 503", async () => {
    const draining = await startTestService();
    const answer = await answerWhileDraining(draining, path, "token=x");
    assert.deepEqual([answer.status, Object(answer.body).error], [503, "temporarily_unavailable"]);
    await draining[Symbol.asyncDispose]();
  });
});
