// The signed answer of introspection.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { createLocalJWKSet, jwtVerify } from "jose";
import { tokenOf } from "../support/admin-api.ts";
import { type ClientCredentials, inactive, introspect, query } from "../support/token-queries.ts";

const path = "/oauth2/introspect";
const type = "application/token-introspection+jwt";

suite("signed introspection", () => {
  const clock = new FixedClock("2026-11-21T12:00:00.900Z");
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let app: ClientCredentials;
  let files: ClientCredentials;
  before(async () => {
    service = cleanup.use(await startTestService({ clock }));
    app = await service.register({ client_id: "app", scope: "file:read" });
    files = await service.register({ client_id: "files", scope: "carnet:introspect" });
  });
  after(() => cleanup.disposeAsync());

  const ask = (token: string, accept: string = type) =>
    query(service, { path, client: files, parameters: { token }, headers: { Accept: accept } });

  /** Verifies as a resource server does. */
  async function verified(jwt: string) {
    const keys = createLocalJWKSet(Object(await (await fetch(`${service.url}/oauth2/jwks`)).json()));
    return jwtVerify(jwt, keys, {
      ...{ issuer: service.url, audience: "files", typ: "token-introspection+jwt" },
      currentDate: new Date(clock.now()),
    });
  }

  test("is a JWT of its own type, signed with a published key [RFC9701 §5]", async () => {
    const answer = await ask(await tokenOf(service, app));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), type);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const { protectedHeader } = await verified(answer.text);
    assert.deepEqual([protectedHeader.typ, protectedHeader.alg], ["token-introspection+jwt", "ES256"]);
  });

  test("has iss, aud, iat and the JSON answer in a claim of its own, and neither sub nor exp [RFC9701 §5]", async () => {
    const token = await tokenOf(service, app);
    const { payload } = await verified((await ask(token)).text);
    assert.deepEqual(payload, {
      ...{ iss: service.url, aud: "files", iat: Math.floor(clock.now() / 1000) },
      token_introspection: await introspect(service, files, token),
    });
    assert.equal(Object(payload["token_introspection"]).active, true);
  });

  test("says of a token that is not valid, or not for the caller, that it is inactive and nothing else [RFC9701 §5]", async () => {
    const elsewhere = await service.register({ audience: "https://elsewhere.example.test" });
    for (const token of ["x", await tokenOf(service, elsewhere)]) {
      const { payload } = await verified((await ask(token)).text);
      assert.deepEqual(payload["token_introspection"], inactive);
    }
  });

  test("is never accepted as an access token [RFC9701 §8.1]", async () => {
    const jwt = (await ask(await tokenOf(service, app))).text;
    assert.deepEqual(await introspect(service, files, jwt), inactive);
    const answer = await fetch(`${service.url}/admin/v1/whoami`, { headers: { Authorization: `Bearer ${jwt}` } });
    assert.equal(answer.status, 401);
  });

  test("is refused without authentication, as JSON [RFC9701 §5]", async () => {
    const answer = await query(service, { path, parameters: { token: "x" }, headers: { Accept: type } });
    assert.deepEqual([answer.status, answer.json["error"]], [401, "invalid_client"]);
  });

  test("is sent to those who ask for it, and JSON to all others [RFC9701 §4]", async () => {
    const isSigned = async (accept: string) => (await ask("x", accept)).headers.get("content-type") === type;
    for (const accept of [
      type,
      type.toUpperCase(),
      `text/html, ${type}`,
      `application/json;q=0.5, ${type}`,
      `${type};q=0.1, */*;q=0.9`,
      `application/json, ${type}`,
    ])
      assert.equal(await isSigned(accept), true, accept);
    for (const accept of [
      "*/*",
      "application/*",
      "application/json",
      "text/html",
      "",
      `${type};q=0`,
      `${type};q=x`,
      `application/json, ${type};q=0.5`,
      `x${type}`,
    ])
      assert.equal(await isSigned(accept), false, accept);
  });
});
