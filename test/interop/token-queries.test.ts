// Libraries introspect and revoke tokens. So do the requests of those that cannot run here.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { encodeFormPart } from "@carnet/protocol/form";
import { startTestService, type TestService } from "@carnet/testkit/service";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { tokenOf } from "../support/admin-api.ts";
import { importedSecrets } from "../support/secrets.ts";
import { type ClientCredentials, query } from "../support/token-queries.ts";

const insecure = { [oauth.allowInsecureRequests]: true }; // loopback has no TLS
const methods = { Basic: oauth.ClientSecretBasic, "the body": oauth.ClientSecretPost } as const;

describe("introspection and revocation by", () => {
  let service: TestService;
  let server: oauth.AuthorizationServer;
  let app: ClientCredentials;
  let files: ClientCredentials;
  before(async () => {
    service = await startTestService();
    const issuer = new URL(service.url);
    const answer = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
    server = await oauth.processDiscoveryResponse(issuer, answer);
    app = await service.register({ scope: "file:read" });
    files = await service.register({ scope: "carnet:introspect" });
  });
  after(() => service[Symbol.asyncDispose]());

  for (const [name, method] of Object.entries(methods)) {
    it(`oauth4webapi with the secret in ${name}`, async () => {
      const token = await tokenOf(service, app);
      const client = { client_id: files.clientId };
      const ask = async () => {
        const answer = await oauth.introspectionRequest(server, client, method(files.clientSecret), token, insecure);
        return oauth.processIntrospectionResponse(server, client, answer);
      };
      const active = await ask();
      assert.deepEqual([active.active, active.client_id, active.scope], [true, app.clientId, "file:read"]);
      const owner = { client_id: app.clientId };
      const revoked = await oauth.revocationRequest(server, owner, method(app.clientSecret), token, insecure);
      assert.equal(await oauth.processRevocationResponse(revoked), undefined);
      assert.deepEqual(await ask(), { active: false });
    });
  }

  it("oauth4webapi as a signed answer [RFC9701 §5]", async () => {
    const token = await tokenOf(service, app);
    const client = { client_id: files.clientId };
    const answer = await oauth.introspectionRequest(
      server,
      client,
      oauth.ClientSecretBasic(files.clientSecret),
      token,
      {
        requestJwtResponse: true,
        ...insecure,
      },
    );
    const result = await oauth.processIntrospectionResponse(server, client, answer);
    assert.deepEqual([result.active, result.client_id], [true, app.clientId]);
    await oauth.validateApplicationLevelSignature(server, answer, insecure);
  });

  it("oauth4webapi, which reads the refusal of a token of another client", async () => {
    const client = { client_id: files.clientId };
    const token = await tokenOf(service, app);
    const method = oauth.ClientSecretPost(files.clientSecret);
    const answer = await oauth.revocationRequest(server, client, method, token, insecure);
    await assert.rejects(oauth.processRevocationResponse(answer), (error) => {
      assert.ok(error instanceof oauth.ResponseBodyError);
      assert.equal(error.error, "unauthorized_client");
      return true;
    });
  });

  it("openid-client", async () => {
    const discover = ({ clientId, clientSecret }: ClientCredentials) =>
      openid.discovery(new URL(service.url), clientId, {}, openid.ClientSecretBasic(clientSecret), {
        algorithm: "oauth2",
        execute: [openid.allowInsecureRequests],
      });
    const token = await tokenOf(service, app);
    const api = await discover(files);
    assert.equal((await openid.tokenIntrospection(api, token, { token_type_hint: "access_token" })).active, true);
    await openid.tokenRevocation(await discover(app), token, { token_type_hint: "access_token" });
    assert.equal((await openid.tokenIntrospection(api, token)).active, false);
  });

  // SpringOpaqueTokenIntrospector.java encodes both parts in version 7. Before, it sent them as they are
  for (const [how, encode] of Object.entries({ encoded: encodeFormPart, plain: String })) {
    it(`the request of Spring's opaque-token introspector, with ${how} credentials`, async () => {
      for (const secret of [importedSecrets.colons, importedSecrets["spaces, ampersands and quotes"]]) {
        const caller = await service.register({ scope: "carnet:introspect", client_secret: secret });
        const { status, json } = await query(service, {
          path: "/oauth2/introspect",
          headers: {
            Accept: "application/json",
            Authorization: `Basic ${btoa(`${encode(caller.clientId)}:${encode(secret)}`)}`,
            "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
          },
          parameters: { token: await tokenOf(service, app) },
        });
        assert.equal(status, 200);
        // It demands an active member, and reads these as a list, as instants, as a URL and as a list of scopes
        assert.equal(json["active"], true);
        assert.equal(typeof json["aud"], "string");
        assert.ok(Number.isInteger(json["exp"]) && Number.isInteger(json["iat"]));
        assert.ok(URL.canParse(String(json["iss"])));
        assert.equal(json["scope"], "file:read");
      }
    });
  }

  it("the request of mod_oauth2, with client_secret_post and a hint", async () => {
    const { status, json } = await query(service, {
      path: "/oauth2/introspect",
      parameters: {
        ...{ token: await tokenOf(service, app), token_type_hint: "access_token" },
        ...{ client_id: files.clientId, client_secret: files.clientSecret },
      },
    });
    assert.deepEqual([status, json["active"]], [200, true]);
  });
});
