import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { foundTools, type Ran, run } from "../support/command-line-tools.ts";
import { assertReceived } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

const tokenPaths = ["/oauth2/token", "/iam/v1/oauth2/token"] as const;
const scope = "file:read file:write";
const documentedHeaders = [
  "Content-Type:application/x-www-form-urlencoded",
  "Accept:application/json",
  "X-Version:2022-01-01",
] as const;
const grant = "grant_type=client_credentials";

/** Not every machine has HTTPie. tools.test.ts reports whether this one has it. */
if (foundTools.httpie !== undefined) describe("HTTPie", defineTests);

function defineTests(): void {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  const http = (args: readonly string[], path: string, items: readonly string[]): Promise<Ran> =>
    run(["http", "--ignore-stdin", "--body", "--check-status", ...args, "POST", service.url + path, ...items]);

  for (const path of tokenPaths) {
    it(`gets a token with the documented command at ${path}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      const items = [...documentedHeaders, `client_id=${clientId}`, `client_secret=${clientSecret}`, grant];
      const { code, stdout } = await http(["--form"], path, items);
      assert.equal(code, 0);
      assertReceived(JSON.parse(stdout), { clientId, scope });
    });

    it(`gets a token with its own JSON body at ${path}`, async () => {
      const { clientId, clientSecret } = await service.register({ scope });
      const { stdout } = await http([], path, [`client_id=${clientId}`, `client_secret=${clientSecret}`, grant]);
      assertReceived(JSON.parse(stdout), { clientId, scope });
    });

    for (const [quality, secret] of Object.entries(importedSecrets)) {
      it(`gets a token with a secret with ${quality} in --auth at ${path}`, async () => {
        const { clientId } = await service.register({ scope, client_secret: secret });
        const { stdout } = await http(["--form", `--auth=${clientId}:${secret}`], path, [grant]);
        assertReceived(JSON.parse(stdout), { clientId, scope });
      });
    }

    it(`exits with its client error and prints the refusal of a wrong secret at ${path}`, async () => {
      const { clientId } = await service.register({ scope });
      const { code, stdout } = await http(["--form", `--auth=${clientId}:wrong`], path, [grant]);
      assert.equal(code, 4);
      assert.equal(JSON.parse(stdout).error, "invalid_client");
    });
  }
}
