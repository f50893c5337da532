import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { foundTools, run } from "../support/command-line-tools.ts";
import { assertReceived } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

const tokenPaths = ["/oauth2/token", "/iam/v1/oauth2/token"] as const;
const scope = "file:read file:write";

/** Calls as Python programs write them: `url`, `client_id` and `client_secret` are given. */
const calls = {
  documented: `
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", "X-Version": "2022-01-01"}
    fields = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
    answer = requests.post(url, data=fields, headers=headers)`,
  JSON: `
    fields = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
    answer = requests.post(url, json=fields)`,
  Basic: `
    auth = (client_id.encode(), client_secret.encode())  # as text it would be sent in ISO 8859-1
    answer = requests.post(url, auth=auth, data={"grant_type": "client_credentials"})`,
} as const;

/** Python requests are not on every machine; tools.test.ts says whether they were on this one. */
if (foundTools.requests !== undefined) describe("Python requests", defineTests);

function defineTests(): void {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  async function post(call: string, asking: { path: string; clientId: string; clientSecret: string }) {
    const lines = call.replaceAll(/^ {4}/gm, "");
    const program = `import json, requests, sys\nurl, client_id, client_secret = sys.argv[1:]\n${lines}\nprint(json.dumps([answer.status_code, answer.json()]))`;
    const { code, stdout, stderr } = await run([
      "python3",
      ...["-c", program],
      ...[service.url + asking.path, asking.clientId, asking.clientSecret],
    ]);
    assert.equal(code, 0, stderr);
    const [status, body] = JSON.parse(stdout);
    return { status, body };
  }

  for (const path of tokenPaths) {
    for (const [name, call] of Object.entries(calls)) {
      it(`get a token by the ${name} call at ${path}`, async () => {
        const client = await service.register({ scope });
        const { body } = await post(call, { path, ...client });
        assertReceived(body, { clientId: client.clientId, scope });
      });

      it(`read the refusal of a wrong secret by the ${name} call at ${path}`, async () => {
        const { clientId } = await service.register({ scope });
        const { status, body } = await post(call, { path, clientId, clientSecret: "wrong" });
        assert.equal(status, 401);
        assert.equal(body.error, "invalid_client");
      });
    }
  }

  for (const [name, call] of Object.entries(calls)) {
    for (const [quality, secret] of Object.entries(importedSecrets)) {
      it(`get a token with a secret with ${quality} by the ${name} call`, async () => {
        const client = await service.register({ scope, client_secret: secret });
        const { body } = await post(call, { path: "/oauth2/token", ...client });
        assertReceived(body, { clientId: client.clientId, scope });
      });
    }
  }
}
