import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { addMetadataRoutes } from "@carnet/server/http/metadata-routes";
import { sendRaw } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";
import Fastify from "fastify";

suite("A published document", () => {
  let service: TestService;
  before(async () => {
    service = await startTestService({ settings: { issuer: "https://iam.example.test" } });
  });
  after(() => service[Symbol.asyncDispose]());

  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    sendRaw(service.url, { method, path, headers });

  test("with the metadata is the same at both paths, and comes from configuration, not from the Host [RFC8414 §2]", async () => {
    const one = await get("/.well-known/oauth-authorization-server", {
      Host: "evil.example.test",
      "X-Forwarded-Host": "evil.example.test",
    });
    const other = await get("/.well-known/openid-configuration");
    assert.equal(one.status, 200);
    assert.match(String(one.headers["content-type"]), /^application\/json(?:; charset=utf-8)?$/);
    assert.equal(one.body, other.body);
    assert.deepEqual(JSON.parse(one.body), {
      issuer: "https://iam.example.test",
      token_endpoint: "https://iam.example.test/oauth2/token",
      jwks_uri: "https://iam.example.test/oauth2/jwks",
      revocations_uri: "https://iam.example.test/oauth2/revocations",
      response_types_supported: [],
      grant_types_supported: ["client_credentials"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      revocation_endpoint: "https://iam.example.test/oauth2/revoke",
      revocation_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      introspection_endpoint: "https://iam.example.test/oauth2/introspect",
      introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      introspection_signing_alg_values_supported: ["ES256"],
      service_documentation: "https://iam.example.test/docs",
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    });
  });

  test("with the metadata names the algorithms of the keys, each once, as they are now", async () => {
    const app = Fastify();
    let published = [{ kty: "EC", alg: "ES256" }];
    const keys = {
      get published() {
        return published;
      },
    };
    addMetadataRoutes(app, { token: { policy: { issuer: "https://iam.example.test" } }, keys, jwksMaxAge: 300_000 });
    const read = async () => (await app.inject({ url: "/.well-known/openid-configuration" })).json();
    assert.deepEqual((await read()).id_token_signing_alg_values_supported, ["ES256"]);
    published = [...published, { kty: "OKP", alg: "EdDSA" }, { kty: "EC", alg: "ES256" }];
    assert.deepEqual((await read()).id_token_signing_alg_values_supported, ["ES256", "EdDSA"]);
    await app.close();
  });

  test("with the keys contains only public members [RFC7517 §4]", async () => {
    const { headers, body } = await get("/oauth2/jwks");
    assert.match(String(headers["content-type"]), /^application\/jwk-set\+json(?:; charset=utf-8)?$/);
    const { keys } = JSON.parse(body);
    assert.equal(keys.length, 1);
    assert.deepEqual(Object.keys(keys[0]).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert.deepEqual([keys[0].alg, keys[0].use, keys[0].kty, keys[0].crv], ["ES256", "sig", "EC", "P-256"]);
  });

  test("may be cached, and is not sent again to a client that has it [RFC9110 §13.1.2]", async () => {
    for (const path of ["/oauth2/jwks", "/openapi.json", "/.well-known/oauth-authorization-server"]) {
      const { headers, body } = await get(path);
      assert.match(String(headers["cache-control"]), /^public, max-age=[1-9]\d*$/);
      const etag = String(headers["etag"]);
      assert.match(etag, /^"[\x21\x23-\x7e]+"$/);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const again = await get(path, { "If-None-Match": known });
        assert.equal(again.status, 304, known);
        assert.equal(again.body, "");
        assert.equal(again.headers["etag"], etag);
        assert.equal(again.headers["cache-control"], headers["cache-control"]);
      }
      for (const unknown of ['"other"', etag.slice(1, -1), ""]) {
        assert.equal((await get(path, { "If-None-Match": unknown })).body, body, unknown);
      }
    }
  });

  test("has the same headers for HEAD as for GET, and no content [RFC9110 §9.3.2]", async () => {
    for (const path of ["/oauth2/jwks", "/.well-known/openid-configuration", "/health/live"]) {
      const whole = await get(path);
      const head = await get(path, {}, "HEAD");
      assert.equal(head.status, 200);
      assert.equal(head.body, "");
      assert.equal(head.headers["content-length"], String(Buffer.byteLength(whole.body)));
      assert.equal(head.headers["content-type"], whole.headers["content-type"]);
    }
  });

  test("has a request id, and no version or deprecation header", async () => {
    for (const path of ["/oauth2/jwks", "/openapi.json", "/docs", "/health/live", "/health/ready"]) {
      const { status, headers } = await get(path, { "X-Request-ID": "me", "X-Version": "latest" });
      assert.equal(status, 200, path);
      assert.equal(headers["x-request-id"], "me");
      assert.equal(headers["x-version"], undefined);
      assert.equal(headers["deprecation"], undefined);
    }
  });
});
