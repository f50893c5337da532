import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import * as oauth from "oauth4webapi";
import { assertReceived } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

const methods = { Basic: oauth.ClientSecretBasic, "the body": oauth.ClientSecretPost } as const;
const scope = "data_tables|r scim|r";
const insecure = { [oauth.allowInsecureRequests]: true }; // loopback has no TLS

describe("oauth4webapi", () => {
  let service: TestService;
  let server: oauth.AuthorizationServer;
  before(async () => {
    service = await startTestService();
    const issuer = new URL(service.url);
    const answer = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
    server = await oauth.processDiscoveryResponse(issuer, answer);
  });
  after(() => service[Symbol.asyncDispose]());

  async function request({ clientId, method, parameters = {} }: TokenCall): Promise<oauth.TokenEndpointResponse> {
    const client = { client_id: clientId };
    const body = new URLSearchParams(parameters);
    const answer = await oauth.clientCredentialsGrantRequest(server, client, method, body, insecure);
    return oauth.processClientCredentialsResponse(server, client, answer);
  }

  for (const [name, method] of Object.entries(methods)) {
    it(`gets a token with a generated secret in ${name}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      assertReceived(await request({ clientId, method: method(clientSecret) }), { clientId, scope });
    });

    for (const [quality, secret] of Object.entries(importedSecrets)) {
      it(`gets a token with an imported secret with ${quality} in ${name}`, async () => {
        const { clientId } = await service.register({ scope, client_secret: secret });
        assertReceived(await request({ clientId, method: method(secret) }), { clientId, scope });
      });
    }
  }

  it("is challenged when the secret in Basic is wrong", async () => {
    const { clientId } = await service.register({ scope });
    await assert.rejects(request({ clientId, method: oauth.ClientSecretBasic("wrong") }), (error) => {
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError);
      assert.equal(error.status, 401);
      assert.equal(error.cause[0]?.scheme, "basic");
      return true;
    });
  });

  it("is told invalid_client when the secret in the body is wrong [RFC6749 §5.2]", async () => {
    const { clientId } = await service.register({ scope });
    await assert.rejects(request({ clientId, method: oauth.ClientSecretPost("wrong") }), (error) => {
      assert.ok(error instanceof oauth.ResponseBodyError);
      assert.deepEqual([error.status, error.error], [401, "invalid_client"]);
      return true;
    });
  });

  it("finds metadata of the same issuer at the OpenID path", async () => {
    const issuer = new URL(service.url);
    const answer = await oauth.discoveryRequest(issuer, { algorithm: "oidc", ...insecure });
    assert.deepEqual(await oauth.processDiscoveryResponse(issuer, answer), server);
  });

  it("gets the requested part of the scope", async () => {
    const { clientId, clientSecret } = await service.register({ scope });
    const asking = { clientId, method: oauth.ClientSecretPost(clientSecret), parameters: { scope: "scim|r" } };
    assertReceived(await request(asking), { clientId, scope: "scim|r" });
  });

  const refused = [
    { of: "a scope that is malformed", parameters: { scope: 'a"b' }, code: "invalid_scope" },
    { of: "a scope that it may not have", parameters: { scope: "other" }, code: "invalid_scope" },
  ];
  for (const { of, parameters, code } of refused) {
    it(`reads the refusal of ${of}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      const asking = request({ clientId, method: oauth.ClientSecretBasic(clientSecret), parameters });
      await assert.rejects(asking, (error) => {
        assert.ok(error instanceof oauth.ResponseBodyError);
        assert.equal(error.status, 400);
        assert.equal(error.error, code);
        assert.equal(typeof error.error_description, "string");
        return true;
      });
    });
  }

  it("reads the refusal of another grant type [RFC6749 §5.2]", async () => {
    const { clientId, clientSecret } = await service.register({ scope });
    const client = { client_id: clientId };
    const method = oauth.ClientSecretBasic(clientSecret);
    const answer = await oauth.genericTokenEndpointRequest(server, client, method, "password", {}, insecure);
    await assert.rejects(oauth.processGenericTokenEndpointResponse(server, client, answer), (error) => {
      assert.ok(error instanceof oauth.ResponseBodyError);
      assert.equal(error.error, "unsupported_grant_type");
      return true;
    });
  });
});

interface TokenCall {
  readonly clientId: string;
  readonly method: oauth.ClientAuth;
  readonly parameters?: Record<string, string>;
}
