import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import * as openid from "openid-client";
import { assertReceived } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

const methods = { Basic: openid.ClientSecretBasic, "the body": openid.ClientSecretPost } as const;
const scope = "file:read file:write";

describe("openid-client", () => {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  const discover = (
    { clientId, clientSecret }: { clientId: string; clientSecret: string },
    { method = openid.ClientSecretBasic, algorithm = "oauth2" }: DiscoveryChoices = {},
  ) =>
    openid.discovery(new URL(service.url), clientId, {}, method(clientSecret), {
      algorithm,
      execute: [openid.allowInsecureRequests],
    });

  for (const [name, method] of Object.entries(methods)) {
    it(`gets a token with a generated secret in ${name}`, async () => {
      const client = await service.register({ scope });
      const token = await openid.clientCredentialsGrant(await discover(client, { method }));
      assertReceived(token, { clientId: client.clientId, scope });
    });

    for (const [quality, secret] of Object.entries(importedSecrets)) {
      it(`gets a token with an imported secret with ${quality} in ${name}`, async () => {
        const client = await service.register({ scope, client_secret: secret });
        const token = await openid.clientCredentialsGrant(await discover(client, { method }));
        assertReceived(token, { clientId: client.clientId, scope });
      });
    }
  }

  it("finds the endpoints by both kinds of discovery [RFC8414 §3]", async () => {
    const client = await service.register({ scope });
    for (const algorithm of ["oauth2", "oidc"] as const) {
      const metadata = (await discover(client, { algorithm })).serverMetadata();
      assert.equal(metadata.issuer, service.url);
      assert.equal(metadata.token_endpoint, `${service.url}/oauth2/token`);
      assert.equal(metadata.jwks_uri, `${service.url}/oauth2/jwks`);
    }
  });

  it("gets the requested part of the scope", async () => {
    const client = await service.register({ scope });
    const token = await openid.clientCredentialsGrant(await discover(client), { scope: "file:write other" });
    assertReceived(token, { clientId: client.clientId, scope: "file:write" });
  });

  it("reports a wrong secret in the body as invalid_client [RFC6749 §5.2]", async () => {
    const { clientId } = await service.register({ scope });
    const wrong = { clientId, clientSecret: "wrong" };
    const asking = openid.clientCredentialsGrant(await discover(wrong, { method: openid.ClientSecretPost }));
    await assert.rejects(asking, (error) => {
      assert.ok(error instanceof openid.ResponseBodyError);
      assert.deepEqual([error.status, error.error], [401, "invalid_client"]);
      assert.match(error.error_description ?? "", /check the client id and secret/);
      return true;
    });
  });

  it("reports a wrong secret in Basic as its challenge error, whose response has the error", async () => {
    const { clientId } = await service.register({ scope });
    const asking = openid.clientCredentialsGrant(await discover({ clientId, clientSecret: "wrong" }));
    const error = await asking.catch((thrown: unknown) => thrown);
    assert.ok(error instanceof openid.WWWAuthenticateChallengeError);
    assert.equal(error.status, 401);
    assert.deepEqual(
      error.cause.map(({ scheme, parameters }) => ({ scheme, realm: parameters.realm })),
      [{ scheme: "basic", realm: "carnet" }],
    );
    assert.equal(Object(await error.response.json()).error, "invalid_client");
  });

  it("reports a scope that is not allowed as its response error [RFC6749 §5.2]", async () => {
    const asking = openid.clientCredentialsGrant(await discover(await service.register({ scope })), { scope: "other" });
    await assert.rejects(asking, (error) => {
      assert.ok(error instanceof openid.ResponseBodyError);
      assert.equal(error.status, 400);
      assert.equal(error.error, "invalid_scope");
      assert.match(error.error_description ?? "", /registered for it: file:read file:write/);
      return true;
    });
  });

  it("reports that a client must use the other method as its response error", async () => {
    const client = await service.register({ scope, token_endpoint_auth_method: "client_secret_post" });
    await assert.rejects(openid.clientCredentialsGrant(await discover(client)), (error) => {
      assert.ok(error instanceof openid.ResponseBodyError);
      assert.equal(error.error, "unauthorized_client");
      return true;
    });
  });
});

interface DiscoveryChoices {
  readonly method?: (clientSecret: string) => openid.ClientAuth;
  readonly algorithm?: "oauth2" | "oidc";
}
