import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { foundTools, run } from "../support/command-line-tools.ts";
import { assertReceived, type ReceivedToken } from "../support/received-token.ts";
import { importedSecrets } from "../support/secrets.ts";

const tokenPaths = ["/oauth2/token", "/iam/v1/oauth2/token"] as const;
const scope = "file:read file:write";

/** Calls as in Python programs, with the variables `url`, `client_id` and `client_secret`. */
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

/** Not every machine has Python requests. tools.test.ts reports whether this one has it. */
if (foundTools.requests !== undefined) describe("Python requests", defineTests);

function defineTests(): void {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  /** Makes the same call for each client in one Python process. */
  async function post(call: string, path: string, clients: readonly Credentials[]): Promise<PythonAnswer[]> {
    const program = [
      "import json, requests, sys",
      "url, answers = sys.argv[1], []",
      "for client_id, client_secret in json.loads(sys.argv[2]):",
      call,
      "    answers.append({'status': answer.status_code, 'body': answer.json()})",
      "print(json.dumps(answers))",
    ].join("\n");
    const credentials = JSON.stringify(clients.map(({ clientId, clientSecret }) => [clientId, clientSecret]));
    const { code, stdout, stderr } = await run(["python3", "-c", program, service.url + path, credentials]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }

  for (const path of tokenPaths) {
    for (const [name, call] of Object.entries(calls)) {
      it(`gets tokens with generated and imported secrets by the ${name} call at ${path}`, async () => {
        const imported = Object.values(importedSecrets).map((client_secret) =>
          service.register({ scope, client_secret }),
        );
        const clients = await Promise.all([service.register({ scope }), ...imported]);
        const answers = await post(call, path, clients);
        for (const [index, { clientId }] of clients.entries()) {
          assertReceived(answers[index]?.body ?? {}, { clientId, scope });
        }
      });

      it(`reads the refusal of a wrong secret by the ${name} call at ${path}`, async () => {
        const { clientId } = await service.register({ scope });
        const [answer] = await post(call, path, [{ clientId, clientSecret: "wrong" }]);
        assert.equal(answer?.status, 401);
        assert.equal(answer?.body.error, "invalid_client");
      });
    }
  }
}

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface PythonAnswer {
  readonly status: number;
  readonly body: ReceivedToken & { readonly error?: string };
}
