import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { ClientCredentials, type ModuleOptions } from "simple-oauth2";
import { assertReceived } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

type Options = NonNullable<ModuleOptions["options"]>;

const ways: Readonly<Record<string, Options>> = {
  "Basic, encoded": { authorizationMethod: "header", credentialsEncodingMode: "strict" },
  "Basic, not encoded": { authorizationMethod: "header", credentialsEncodingMode: "loose" },
  "a form": { authorizationMethod: "body", bodyFormat: "form" },
  JSON: { authorizationMethod: "body", bodyFormat: "json" },
  "Basic beside JSON": { authorizationMethod: "header", bodyFormat: "json" },
};
const tokenPaths = ["/oauth2/token", "/iam/v1/oauth2/token"] as const;
const scope = "file:read file:write";

describe("simple-oauth2", () => {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  const clientOf = (
    { clientId, clientSecret }: { clientId: string; clientSecret: string },
    { options = {}, tokenPath = "/oauth2/token" }: { options?: Options; tokenPath?: string } = {},
  ) =>
    new ClientCredentials({
      client: { id: clientId, secret: clientSecret },
      auth: { tokenHost: service.url, tokenPath },
      options,
    });

  for (const [name, options] of Object.entries(ways)) {
    for (const tokenPath of tokenPaths) {
      it(`gets a token with a generated secret in ${name} at ${tokenPath}`, async () => {
        const client = await service.register({ scope });
        const { token } = await clientOf(client, { options, tokenPath }).getToken({});
        assertReceived(token, { clientId: client.clientId, scope });
      });
    }

    for (const [quality, secret] of Object.entries(importedSecrets)) {
      if (/[^ -~]/.test(secret)) continue; // the library accepts only printable ASCII
      it(`gets a token with an imported secret with ${quality} in ${name}`, async () => {
        const client = await service.register({ scope, client_secret: secret });
        const { token } = await clientOf(client, { options }).getToken({});
        assertReceived(token, { clientId: client.clientId, scope });
      });
    }

    it(`reports a wrong secret in ${name} as its HTTP error`, async () => {
      const { clientId } = await service.register({ scope });
      await assert.rejects(clientOf({ clientId, clientSecret: "wrong" }, { options }).getToken({}), (error) => {
        assertRefusal(error, { status: 401, code: "invalid_client" });
        return true;
      });
    });
  }

  it("gets the requested parts of the scope as a list", async () => {
    const client = await service.register({ scope: `${scope} other` });
    const { token } = await clientOf(client).getToken({ scope: ["file:write", "file:read"] });
    assertReceived(token, { clientId: client.clientId, scope });
  });

  it("knows when the token will have expired", async () => {
    const accessToken = await clientOf(await service.register({ scope })).getToken({});
    assert.equal(accessToken.expired(), false);
    assert.equal(accessToken.expired(601), true);
  });

  it("reports a scope that is not allowed as its HTTP error [RFC6749 §5.2]", async () => {
    const client = await service.register({ scope });
    await assert.rejects(clientOf(client).getToken({ scope: "other" }), (error) => {
      assertRefusal(error, { status: 400, code: "invalid_scope" });
      return true;
    });
  });
});

/** The library throws @hapi/boom errors that contain the response. */
function assertRefusal(error: unknown, expected: { status: number; code: string }): void {
  assert.ok(error instanceof Error && "isBoom" in error && "output" in error && "data" in error);
  const { output, data } = error as Error & { output: { statusCode: number }; data: { payload: unknown } };
  assert.equal(output.statusCode, expected.status);
  const { error: code, error_description: description } = data.payload as Record<string, unknown>;
  assert.equal(code, expected.code);
  assert.equal(typeof description, "string");
}
