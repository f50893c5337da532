// The SDK against oauth2-mock-server, whose answers can be changed to the least that RFC 6749 §5.1 demands.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { SDK } from "@carnet/sdk";
import { Events, OAuth2Server } from "oauth2-mock-server";

describe("oauth2-mock-server", () => {
  const server = new OAuth2Server();
  before(async () => {
    await server.issuer.keys.generate("ES256");
    await server.start(0, "127.0.0.1");
  });
  after(() => server.stop());
  beforeEach(() => server.service.removeAllListeners(Events.BeforeResponse));

  const sdkOf = () =>
    new SDK({
      serverURL: `http://127.0.0.1:${server.address().port}`,
      tokenURL: "/token",
      security: { clientId: "any", clientSecret: "any secret" },
    });

  it("gives the SDK a token", async () => {
    await using sdk = sdkOf();
    const token = await sdk.token({ scopes: "a b" });
    assert.deepEqual(token.scopes, ["a", "b"]);
    assert.ok(token.expiresIn !== undefined && token.expiresIn > 0);
  });

  it("may leave out expires_in and scope, and write token_type in lower case [RFC6749 §5.1]", async () => {
    server.service.once(Events.BeforeResponse, (answer) => {
      answer.body = { access_token: "opaque", token_type: "bearer" };
    });
    await using sdk = sdkOf();
    const token = await sdk.token({ scopes: "a b" });
    assert.equal(token.accessToken, "opaque");
    assert.equal(token.tokenType, "Bearer");
    assert.deepEqual(token.scopes, ["a", "b"]);
    assert.deepEqual([token.expiresIn, token.expiresAt], [undefined, undefined]);
    assert.equal(await sdk.token({ scopes: "a b" }), token);
  });
});
