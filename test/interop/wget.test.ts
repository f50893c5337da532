import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { foundTools, type Ran, run } from "../support/command-line-tools.ts";
import { assertReceived } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

const tokenPaths = ["/oauth2/token", "/iam/v1/oauth2/token"] as const;
const scope = "file:read file:write";
const documentedHeaders = [
  "--header=Content-Type: application/x-www-form-urlencoded",
  "--header=Accept: application/json",
  "--header=X-Version: 2022-01-01",
] as const;
const grant = "grant_type=client_credentials";

/** Not every machine has wget. tools.test.ts reports whether this one has it. */
if (foundTools.wget !== undefined) describe("wget", defineTests);

function defineTests(): void {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  const wget = (path: string, ...args: readonly string[]): Promise<Ran> =>
    run(["wget", "--quiet", "--tries=1", "--output-document=-", ...args, service.url + path]);

  for (const path of tokenPaths) {
    it(`gets a token with the documented command at ${path}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      const data = `client_id=${clientId}&client_secret=${clientSecret}&${grant}`;
      const { code, stdout } = await wget(path, "--method=POST", ...documentedHeaders, `--body-data=${data}`);
      assert.equal(code, 0);
      assertReceived(JSON.parse(stdout), { clientId, scope });
    });

    for (const [quality, secret] of Object.entries(importedSecrets)) {
      it(`gets a token with a secret with ${quality} in Basic at ${path}`, async () => {
        const { clientId } = await service.register({ scope, client_secret: secret });
        const basic = ["--auth-no-challenge", `--user=${clientId}`, `--password=${secret}`];
        const { code, stdout } = await wget(path, ...basic, `--post-data=${grant}`);
        assert.equal(code, 0);
        assertReceived(JSON.parse(stdout), { clientId, scope });
      });
    }

    it(`gets a token with Basic after a challenge at ${path}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      const { code, stdout } = await wget(
        path,
        `--user=${clientId}`,
        `--password=${clientSecret}`,
        `--post-data=${grant}`,
      );
      assert.equal(code, 0);
      assertReceived(JSON.parse(stdout), { clientId, scope });
    });

    it(`exits with its authentication error for a wrong secret at ${path}`, async () => {
      const { clientId } = await service.register({ scope });
      const data = `client_id=${clientId}&client_secret=wrong&${grant}`;
      const { code } = await wget(path, `--post-data=${data}`);
      assert.equal(code, 6); // and prints no body, with --content-on-error or without
    });
  }

  it("exits with its server error and prints the refusal of a scope", async () => {
    const { clientId, clientSecret } = await service.register({ scope });
    const data = `client_id=${clientId}&client_secret=${clientSecret}&${grant}&scope=other`;
    const { code, stdout } = await wget("/oauth2/token", "--content-on-error", `--post-data=${data}`);
    assert.equal(code, 8);
    assert.equal(JSON.parse(stdout).error, "invalid_scope");
  });
}
