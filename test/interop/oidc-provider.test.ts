// The SDK against node-oidc-provider, whose token endpoint is /token, and which is configured here to take only Basic.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type HTTPClientHooks, IamError, SDK, type SDKOptions } from "@carnet/sdk";
import { type ClientAuthMethod, Provider } from "oidc-provider";

const SECURITY = { clientId: "job:1", clientSecret: "a secret with spaces, &, +, : and 30%" };

/** A provider on a free port that takes one method of client authentication. */
async function startProvider(method: ClientAuthMethod): Promise<{ url: string; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: SECURITY.clientId,
        client_secret: SECURITY.clientSecret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: method,
        scope: "read write",
      },
    ],
    clientAuthMethods: [method],
    scopes: ["read", "write"],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: "read write",
          audience: resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: 120,
        }),
      },
    },
  });
  server.on("request", provider.callback());
  return { url, server };
}

/** What was sent, in short. */
function recorder(): { sent: string[]; hooks: HTTPClientHooks } {
  const sent: string[] = [];
  const beforeRequest = (request: Request): undefined => {
    const { pathname } = new URL(request.url);
    sent.push(`${request.method} ${pathname}${request.headers.has("authorization") ? " Basic" : ""}`);
  };
  return { sent, hooks: { beforeRequest } };
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));

describe("node-oidc-provider that takes only Basic", () => {
  let url: string;
  let server: Server;
  before(async () => {
    ({ url, server } = await startProvider("client_secret_basic"));
  });
  after(() => server.close().closeAllConnections());

  const sdkOf = (options: SDKOptions = {}) =>
    new SDK({ serverURL: url, tokenURL: "/token", security: SECURITY, ...options });

  it("gives the SDK a token, by what its metadata says, which is read once", async () => {
    const { sent, hooks } = recorder();
    await using sdk = sdkOf({ hooks });
    const token = await sdk.iam.tokenRequest({ scope: "read" });
    assert.equal(token.scope, "read");
    assert.ok(token.expiresIn !== undefined && token.expiresIn > 0);
    await sdk.iam.tokenRequest({ scope: "write" });
    const metadata = "GET /.well-known/oauth-authorization-server";
    assert.deepEqual(sent, ["POST /token", metadata, "POST /token Basic", "POST /token Basic"]);
  });

  it("gives the SDK a token in one request with clientAuthentication: basic", async () => {
    const { sent, hooks } = recorder();
    await using sdk = sdkOf({ clientAuthentication: "basic", hooks });
    await sdk.token();
    assert.deepEqual(sent, ["POST /token Basic"]);
  });

  it("issues a token for the resource that is asked for", async () => {
    await using sdk = sdkOf({ parameters: { resource: "https://files.example.com/" } });
    const { accessToken, expiresIn } = await sdk.token({ scopes: "read" });
    assert.equal(claimsOf(accessToken).aud, "https://files.example.com/");
    assert.ok(expiresIn !== undefined && expiresIn > 110 && expiresIn <= 120);
    const other = await sdk.token({ scopes: "read", parameters: { resource: "https://mail.example.com/" } });
    assert.equal(claimsOf(other.accessToken).aud, "https://mail.example.com/");
  });

  it("refuses a wrong secret, and the SDK says so", async () => {
    await using sdk = sdkOf({ security: { ...SECURITY, clientSecret: "wrong" } });
    await assert.rejects(sdk.token(), (error) => error instanceof IamError && error.error === "invalid_client");
  });
});

describe("node-oidc-provider that takes only the body", () => {
  it("gives the SDK a token in one request", async () => {
    const { url, server } = await startProvider("client_secret_post");
    try {
      const { sent, hooks } = recorder();
      await using sdk = new SDK({ serverURL: url, tokenURL: "/token", security: SECURITY, hooks });
      await sdk.token();
      assert.deepEqual(sent, ["POST /token"]);
      await assert.rejects(sdk.iam.tokenRequest({ clientSecret: "wrong" }), IamError);
      assert.deepEqual(sent.slice(1), ["POST /token"]);
    } finally {
      server.close().closeAllConnections();
    }
  });
});
