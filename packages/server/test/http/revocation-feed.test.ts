import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { type RawAnswer, sendRaw } from "@carnet/testkit/raw-http";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { createRemoteJWKSet, jwtVerify } from "jose";

const path = "/oauth2/revocations";
const get = ({ url }: TestService, headers: Record<string, string> = {}, method = "GET") =>
  sendRaw(url, { method, path, headers });

/** Changes a client by the admin API. */
async function change(service: TestService, id: string, settings: object): Promise<void> {
  const { clientId, clientSecret } = service.server.bootstrapAdmin ?? assert.fail("there is no admin");
  const token = await tokenOf(service, { clientId, clientSecret: clientSecret.reveal() });
  const answer = await fetch(`${service.url}/admin/v1/clients/${id}`, {
    method: "PATCH",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/merge-patch+json" },
    body: JSON.stringify(settings),
  });
  assert.equal(answer.status, 200);
}

async function tokenOf({ url }: TestService, { clientId, clientSecret }: { clientId: string; clientSecret: string }) {
  const answer = await requestToken(url, clientId, clientSecret);
  assert.equal(answer.status, 200);
  return String((await answer.json()).access_token);
}

suite("GET /oauth2/revocations", () => {
  const clock = new FixedClock("2026-11-21T12:00:00.123Z");
  let service: TestService;
  before(async () => {
    service = await startTestService({ clock });
  });
  after(() => service[Symbol.asyncDispose]());

  test("serves a signed feed that anybody may read and a cache may keep for a second", async () => {
    const { status, headers, body } = await get(service);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/revocations+jwt");
    assert.equal(headers["cache-control"], "public, max-age=1");
    assert.equal(headers["access-control-allow-origin"], "*");
    assert.equal(headers["x-content-type-options"], "nosniff");
    const keys = createRemoteJWKSet(new URL("/oauth2/jwks", service.url));
    const options = { issuer: service.url, typ: "revocations+jwt", currentDate: new Date(clock.now()) };
    const { payload } = await jwtVerify(body, keys, options);
    assert.equal(payload.iat, clock.now() / 1000);
    await assert.rejects(jwtVerify(body, keys, { ...options, typ: "at+jwt" }), {
      code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
    });
  });

  test("is not accepted by this service as an access token", async () => {
    const { body } = await get(service);
    const answer = await fetch(`${service.url}/admin/v1/clients`, { headers: { Authorization: `Bearer ${body}` } });
    assert.equal(answer.status, 401);
  });

  test("answers 304 to a reader that has it, until it is signed anew [RFC9110 §13.1.2]", async () => {
    const { headers, body } = await get(service);
    const known = { "If-None-Match": String(headers.etag) };
    const again = await get(service, known);
    assert.deepEqual([again.status, again.body, again.headers.etag], [304, "", headers.etag]);
    assert.equal(again.headers["cache-control"], "public, max-age=1");
    clock.advance(5000);
    const anew = await get(service, known);
    assert.equal(anew.status, 200);
    assert.notEqual(anew.body, body);
  });

  test("answers HEAD with the same headers, and POST with 405 [RFC9110 §9.3.2]", async () => {
    const [whole, head] = [await get(service), await get(service, {}, "HEAD")];
    assert.equal(head.body, "");
    for (const name of ["content-length", "content-type", "etag"])
      assert.equal(head.headers[name], whole.headers[name]);
    const post = await get(service, {}, "POST");
    assert.deepEqual([post.status, post.headers.allow], [405, "GET, HEAD"]);
  });

  test("is in the metadata", async () => {
    const metadata = await (await fetch(`${service.url}/.well-known/oauth-authorization-server`)).json();
    assert.equal(metadata.revocations_uri, `${service.url}${path}`);
  });

  test("has what an admin revokes: a disabled client by its handle, and not by its name", async () => {
    const client = await service.register({ client_id: "secretive-app" });
    const [, claims = ""] = (await tokenOf(service, client)).split(".");
    const { rvk } = JSON.parse(Buffer.from(claims, "base64url").toString());
    await change(service, "secretive-app", { status: "disabled" });
    clock.advance(500);
    const [, payload = ""] = (await get(service)).body.split(".");
    const text = Buffer.from(payload, "base64url").toString();
    assert.deepEqual(JSON.parse(text).handles, [rvk[0]]);
    assert.doesNotMatch(text, /secretive/);
  });
});

test("while the store is away, the last feed is served until it has expired, and then 503", async () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  await using service = await startTestService({ clock });
  const { body } = await get(service);
  using store = new DatabaseSync(join(service.folder, "carnet.db"));
  store.exec("alter table revocations rename to away");
  clock.advance(29_999);
  assert.equal((await get(service)).body, body);
  clock.advance(1);
  const { status, headers, body: refused } = await get(service);
  assert.deepEqual([status, JSON.parse(refused).error], [503, "temporarily_unavailable"]);
  assert.deepEqual([headers["retry-after"], headers["cache-control"]], ["1", "no-store"]);
  store.exec("alter table away rename to revocations");
  clock.advance(500);
  assert.equal((await get(service)).status, 200);
});

suite("a revocation feed by token", () => {
  let service: TestService;
  before(async () => {
    service = await startTestService({ settings: { revocationFeed: "token" } });
  });
  after(() => service[Symbol.asyncDispose]());

  const ask = async (scope?: string): Promise<RawAnswer> => {
    const token = await tokenOf(service, await service.register(scope === undefined ? {} : { scope }));
    return get(service, { Authorization: `Bearer ${token}` });
  };

  test("is served for either scope of introspection, and only to its caller's cache", async () => {
    for (const scope of ["carnet:introspect", "carnet:introspect:all", "file:read carnet:introspect"]) {
      const { status, headers } = await ask(scope);
      assert.equal(status, 200, scope);
      assert.equal(headers["cache-control"], "private, max-age=1");
      assert.equal(headers["access-control-allow-origin"], undefined);
    }
  });

  test("is refused without a token, with a challenge that names no error [RFC6750 §3.1]", async () => {
    for (const headers of [{}, { Authorization: "Basic eA==" }, { Authorization: "Bearer" }]) {
      const answer = await get(service, headers);
      assert.deepEqual([answer.status, answer.headers["www-authenticate"]], [401, 'Bearer realm="carnet"']);
      assert.equal(answer.headers["cache-control"], "no-store");
    }
  });

  test("is refused for a token that is not valid now, however it came to be so [RFC6750 §3.1]", async () => {
    const client = await service.register({ scope: "carnet:introspect" });
    const token = await tokenOf(service, client);
    const disabled = await service.register({ scope: "carnet:introspect" });
    const revoked = await tokenOf(service, disabled);
    await change(service, disabled.clientId, { status: "disabled" });
    const { body: feed } = await get(service, { Authorization: `Bearer ${token}` });
    const answers = [];
    for (const text of ["x.y.z", feed, revoked, `${token.slice(0, -4)}AAAA`])
      answers.push(await get(service, { Authorization: `Bearer ${text}` }));
    for (const { status, headers, body } of answers) {
      assert.deepEqual([status, JSON.parse(body).error], [401, "invalid_token"]);
      assert.equal(headers["www-authenticate"], 'Bearer realm="carnet", error="invalid_token"');
    }
    assert.equal(new Set(answers.map(({ body }) => body)).size, 1, "the reason is not told");
  });

  test("is refused for a token without the scope, which the challenge names [RFC6750 §3.1]", async () => {
    for (const scope of [undefined, "file:read", "carnet:introspected"]) {
      const { status, headers, body } = await ask(scope);
      assert.deepEqual([status, JSON.parse(body).error], [403, "insufficient_scope"]);
      assert.match(
        String(headers["www-authenticate"]),
        /^Bearer .*error="insufficient_scope", scope="carnet:introspect"$/,
      );
    }
  });

  test("is refused from now on to a client that has lost the scope", async () => {
    const client = await service.register({ scope: "carnet:introspect" });
    const headers = { Authorization: `Bearer ${await tokenOf(service, client)}` };
    assert.equal((await get(service, headers)).status, 200);
    await change(service, client.clientId, { scope: "" });
    assert.equal((await get(service, headers)).status, 403);
  });
});
