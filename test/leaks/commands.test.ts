import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { type ChildOptions, startCarnet } from "./carnet-child.ts";
import { PlantedSecrets } from "./planted.ts";

const newSecret = () => randomBytes(24).toString("base64url");

let folder = "";
let service: TestService | undefined;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "carnet-leaks-"));
  service = await startTestService();
});
after(async () => {
  await service?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], { environment = {}, ...options }: Omit<ChildOptions, "folder"> = {}) {
  const adminFile = { CARNET_ADMIN_FILE: join(service?.folder ?? "", "admin.json") };
  const known = args[0] === "client" ? { ...adminFile, ...environment } : environment;
  await using child = startCarnet(args, { folder, ...options, environment: known });
  const code = await child.ended();
  const { stdout, stderr } = child.output();
  return { code, stdout, stderr, written: stdout + stderr };
}

interface Misuse {
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Written to the file `given` first. */
  readonly file?: string;
}

/** Ways to misplace a secret. The command must say what is wrong without showing the secret. */
const misuses: Readonly<Record<string, (secret: string) => Misuse>> = {
  "an invalid master key in the environment": (s) => ({
    args: ["serve", "--issuer", "https://iam.example.test"],
    environment: { CARNET_MASTER_KEY: s },
  }),
  "an invalid master key in a file": (s) => ({
    args: ["serve", "--issuer", "https://iam.example.test", "--master-key-file", "given"],
    file: `${s}\n`,
  }),
  "a master key as the name of its file": (s) => ({
    args: ["serve", "--issuer", "https://iam.example.test"],
    environment: { CARNET_MASTER_KEY: s, CARNET_MASTER_KEY_FILE: "given" },
  }),
  "a master key that its command prints beside something else": (s) => ({
    args: ["serve", "--issuer", "https://iam.example.test", "--master-key-command", "cat given"],
    file: `key: ${s}\n`,
  }),
  "a master key in the errors of a command that fails": (s) => ({
    args: [
      "serve",
      "--issuer",
      "https://iam.example.test",
      "--master-key-command",
      "cat given | tee /dev/stderr; exit 7",
    ],
    file: `${s}\n`,
  }),
  "an invalid new master key in the environment": (s) => ({
    args: ["master-key", "rotate", "--data-dir", service?.folder ?? ""],
    environment: { CARNET_NEW_MASTER_KEY: s },
  }),
  "an invalid new master key in a file": (s) => ({
    args: ["master-key", "rotate", "--data-dir", service?.folder ?? "", "--new-master-key-file", "given"],
    file: `${s}\n`,
  }),
  "a new master key after a flag that has no value": (s) => ({ args: ["master-key", "rotate", "--finish", s] }),
  "a wrong admin secret": (s) => ({
    args: ["client", "list"],
    environment: { CARNET_ADMIN_CLIENT_ID: "carnet-admin", CARNET_ADMIN_CLIENT_SECRET: s },
  }),
  "an admin file that is not JSON": (s) => ({
    args: ["client", "list", "--admin-file", "given"],
    file: `{"client_id": "carnet-admin", "client_secret": ${s}: }`,
  }),
  "an admin file with the secret in the wrong place": (s) => ({
    args: ["client", "list", "--admin-file", "given"],
    file: JSON.stringify({ client_id: "carnet-admin", [s]: s, server_url: "http://127.0.0.1:9" }),
  }),
  "a master key in the configuration file": (s) => ({
    args: ["serve", "--config", "given"],
    file: `port: 8080\nmasterKey: ${s}\n`,
  }),
  "a secret in a configuration file that is not YAML": (s) => ({
    args: ["serve", "--config", "given"],
    file: `port: 8080\nmasterKey: "${s}\n  : [\n`,
  }),
  "a secret in a configuration file that is not JSON": (s) => ({
    args: ["serve", "--config", "given"],
    file: `{"port": 8080, "masterKey": ${s}: }`,
  }),
  "a list of secrets in the configuration file": (s) => ({
    args: ["serve", "--config", "given"],
    file: `issuer: [${s}]\n`,
  }),
  "a password in a URL of a store that is not accepted": (s) => ({
    args: ["serve"],
    environment: {
      CARNET_ISSUER: "https://iam.example.test",
      CARNET_STORE: `postgres://carnet:${s}@localhost/carnet?sslmode=never`,
    },
  }),
  "a password in the URL of a store that is not there": (s) => ({
    args: ["migrate"],
    environment: { CARNET_STORE: `postgres://carnet:${s}@127.0.0.1:1/carnet` },
  }),
  "a password in the flag of a store": (s) => ({
    args: ["serve", "--issuer", "https://iam.example.test", "--store", `postgres://carnet:${s}@localhost/carnet`],
  }),
  "a password in the issuer": (s) => ({ args: ["serve", "--issuer", `https://user:${s}@iam.example.test`] }),
  "a secret in an unknown flag": (s) => ({ args: ["client", "create", `--client-secret=${s}`] }),
  "a secret after an unknown flag": (s) => ({ args: ["token", "--client-secret", s] }),
  "a secret after a flag without a value": (s) => ({ args: ["client", "create", "--secret-stdin", s] }),
  "a secret in a flag without a value": (s) => ({ args: ["client", "create", `--secret-stdin=${s}`] }),
  "an existing secret with control characters": (s) => ({
    args: ["client", "create", "--secret-stdin"],
    input: `${s}\u0007\n`,
  }),
  "an existing secret that is too long": (s) => ({
    args: ["client", "create", "--secret-stdin"],
    input: `${s.repeat(40)}\n`,
  }),
  "an existing secret for a refused client": (s) => ({
    args: ["client", "create", "--secret-stdin", "--scope-policy", "none"],
    input: `${s}\n`,
  }),
  "a token that is revoked at an address without a service": (s) => ({
    args: ["token", "revoke", s, "--server-url", "http://127.0.0.1:9"],
    environment: { CARNET_ADMIN_CLIENT_ID: "ops", CARNET_ADMIN_CLIENT_SECRET: "a secret of the admin client" },
  }),
  "a token that is revoked with a flag that does not go with it": (s) => ({
    args: ["token", "revoke", s, "--client", "app"],
  }),
  "a token after a mistyped command": (s) => ({ args: ["token", "revok", s] }),
  "a token in place of a command": (s) => ({ args: ["token", s] }),
  "a token as a client": (s) => ({ args: ["token", "revoke", `--clien=${s}`] }),
  "a secret for an address without a service": (s) => ({
    args: ["token", "--client-id", "app", "--server-url", "http://127.0.0.1:9"],
    environment: { CARNET_CLIENT_SECRET: s },
  }),
  "a password in the URL of a service": (s) => ({
    args: ["token", "--client-id", "app", "--server-url", `ftp://user:${s}@localhost`],
    environment: { CARNET_CLIENT_SECRET: s },
  }),
};

for (const [kind, misuse] of Object.entries(misuses)) {
  test(`refuses ${kind} without showing it`, async () => {
    const planted = new PlantedSecrets();
    const { args, file, ...options } = misuse(planted.text(kind, newSecret()));
    if (file !== undefined) await writeFile(join(folder, "given"), file);
    const { code, stderr, written } = await run(args, options);
    assert.ok(code === 1 || code === 2, `exit code ${code}`);
    assert.notEqual(stderr, "");
    planted.assertAbsent(written, `The output of carnet ${args[0]}`);
  });
}

for (const [clientId, secret] of [
  ["plain", newSecret()],
  ["unusual", `${newSecret()} "ü" \\ % + :`],
] as const) {
  test(`imports an existing secret without showing it or storing it in plain text (${clientId})`, async () => {
    const planted = new PlantedSecrets();
    planted.text("the existing secret", secret);
    const create = ["client", "create", "--client-id", clientId, "--secret-stdin"];
    const created = await run(create, { input: `${secret}\n` });
    assert.equal(created.code, 0, created.stderr);
    const again = await run(create, { input: `${secret}\n` });
    assert.equal(again.code, 1);
    for (const { written } of [created, again, await run(["client", "show", clientId, "--json"])]) {
      planted.assertAbsent(written, "A command's output");
    }
    assert.ok(service);
    planted.assertAbsent(service.log.join(""), "The service's log");
    const entries = await readdir(service.folder, { recursive: true, withFileTypes: true });
    assert.ok(entries.some((entry) => entry.name === "carnet.db"));
    for (const file of entries.filter((entry) => entry.isFile())) {
      planted.assertAbsent(await readFile(join(file.parentPath, file.name)), file.name);
    }
  });
}

test("carnet token shows no secret from the response of a service", async (context) => {
  const planted = new PlantedSecrets();
  const secret = planted.text("the client's secret", newSecret());
  const token = planted.text("a token", newSecret());
  const answers = [
    { status: 401, body: JSON.stringify({ error: "invalid_client", error_description: `wrong: ${secret}` }) },
    { status: 200, body: `{"access_token":"${token}","token_type":` },
    { status: 200, body: JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: secret, scope: "" }) },
    { status: 500, body: `<html>${secret}</html>` },
  ];
  let answer = answers[0];
  const service = createServer((_request, response) => {
    response.writeHead(answer?.status ?? 500, { "Content-Type": "application/json", "X-Echo": secret });
    response.end(answer?.body);
  });
  await new Promise<void>((listening) => service.listen(0, "127.0.0.1", listening));
  context.after(() => service.close());
  const { port } = service.address() as AddressInfo;
  for (answer of answers) {
    const environment = {
      CARNET_CLIENT_ID: "app",
      CARNET_CLIENT_SECRET: secret,
      CARNET_SERVER_URL: `http://127.0.0.1:${port}`,
    };
    const { code, written } = await run(["token"], { environment });
    assert.equal(code, 1);
    planted.assertAbsent(written, `The output of carnet token on ${answer.status}`);
  }
});
