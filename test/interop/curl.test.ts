import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { foundTools, run } from "../support/command-line-tools.ts";
import { assertReceived } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

const tokenPaths = ["/oauth2/token", "/iam/v1/oauth2/token"] as const;
const scope = "file:read file:write";
const form = ["-H", "Content-Type: application/x-www-form-urlencoded", "-H", "Accept: application/json"] as const;
const grant = ["--data-urlencode", "grant_type=client_credentials"] as const;

/** Not every machine has curl. tools.test.ts reports whether this one has it. */
if (foundTools.curl !== undefined) describe("curl", defineTests);

function defineTests(): void {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  /** Runs curl, which prints the body and then the status. */
  async function curl(path: string, ...args: readonly string[]): Promise<{ status: number; body: unknown }> {
    const { code, stdout, stderr } = await run(["curl", "-sS", "-w", "\n%{http_code}", ...args, service.url + path]);
    assert.equal(code, 0, stderr);
    const end = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) };
  }

  for (const path of tokenPaths) {
    it(`gets a token with the documented command at ${path}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      const data = `client_id=${clientId}&client_secret=${clientSecret}&grant_type=client_credentials`;
      const { status, body } = await curl(path, "-X", "POST", ...form, "-H", "X-Version: 2022-01-01", "-d", data);
      assert.equal(status, 200);
      assertReceived(Object(body), { clientId, scope });
    });

    it(`gets a token with a JSON body at ${path}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      const data = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
      const { body } = await curl(path, "-H", "Content-Type: application/json", "-d", JSON.stringify(data));
      assertReceived(Object(body), { clientId, scope });
    });

    for (const [quality, secret] of Object.entries(importedSecrets)) {
      it(`gets a token with a secret with ${quality} in --user, which does not encode it, at ${path}`, async () => {
        const { clientId } = await service.register({ scope, client_secret: secret });
        const { body } = await curl(path, "--user", `${clientId}:${secret}`, ...grant);
        assertReceived(Object(body), { clientId, scope });
      });

      it(`gets a token with a secret with ${quality} in --data-urlencode at ${path}`, async () => {
        const { clientId } = await service.register({ scope, client_secret: secret });
        const credentials = [
          "--data-urlencode",
          `client_id=${clientId}`,
          "--data-urlencode",
          `client_secret=${secret}`,
        ];
        const { body } = await curl(path, ...credentials, ...grant);
        assertReceived(Object(body), { clientId, scope });
      });
    }

    it(`prints the refusal of a wrong secret at ${path}`, async () => {
      const { clientId } = await service.register({ scope });
      const { status, body } = await curl(path, "--user", `${clientId}:wrong`, ...grant);
      assert.equal(status, 401);
      assert.equal(Object(body).error, "invalid_client");
    });
  }

  it("gets a token with Basic when it waits for the challenge first [RFC7617 §2]", async () => {
    const { clientId, clientSecret } = await service.register({ scope });
    const { status, body } = await curl(
      "/oauth2/token",
      "--anyauth",
      ...["--user", `${clientId}:${clientSecret}`],
      ...["-d", "grant_type=client_credentials"],
    );
    assert.equal(status, 200);
    assertReceived(Object(body), { clientId, scope });
  });

  it("gets the requested part of the scope", async () => {
    const { clientId, clientSecret } = await service.register({ scope });
    const asking = [...grant, "--data-urlencode", "scope=file:write other"];
    const { body } = await curl("/oauth2/token", "--user", `${clientId}:${clientSecret}`, ...asking);
    assertReceived(Object(body), { clientId, scope: "file:write" });
  });

  it("gets a token when it expects 100-continue before it sends the body [RFC9110 §10.1.1]", async () => {
    const { clientId, clientSecret } = await service.register({ scope });
    const asking = ["-H", "Expect: 100-continue", "--user", `${clientId}:${clientSecret}`, ...grant];
    assertReceived(Object((await curl("/oauth2/token", ...asking)).body), { clientId, scope });
  });

  it("gets the refusal of a body that is too large [RFC9110 §15.5.14]", async () => {
    const { status, body } = await curl("/oauth2/token", ...form, "-d", `grant_type=${"x".repeat(100_000)}`);
    assert.equal(status, 413);
    assert.equal(Object(body).error, "invalid_request");
  });
}
