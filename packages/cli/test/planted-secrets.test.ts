import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, suite, test } from "node:test";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertRefused } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";

const planted = "planted0secret0that0nobody0may0see";

/** Every admin command, with a secret wherever one is accepted. */
const commands: readonly (readonly string[])[] = [
  ["client", "create", "--secret-stdin"],
  ["client", "list"],
  ["client", "show", "a"],
  ["client", "change", "a", "--name", "x"],
  ["client", "disable", "a", "--yes"],
  ["client", "enable", "a"],
  ["client", "delete", "a", "--yes"],
  ["secret", "add", "a", "--secret-stdin"],
  ["secret", "list", "a"],
  ["secret", "rotate", "a", "--secret-stdin"],
  ["secret", "revoke", "a", "b", "--yes"],
  ["secret", "import", "-f", "import.jsonl"],
  ["scope", "list"],
  ["scope", "put", "a", "b"],
  ["scope", "delete", "a", "--yes"],
  ["apply", "-f", "clients.yaml"],
  ["export", "--owner", "a"],
];

/** The commands that send secrets. The others would only add slow retries. */
const withSecrets = commands.filter((args) => /create|add|rotate|import|apply/.test(args.join(" ")));
const slow: ReadonlySet<string> = new Set(["answers with a fault", "hangs up"]);

/** Ways in which a service can fail after it issued a token. */
const failures: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "answers with a fault": (response) =>
    void response
      .writeHead(500, { "Content-Type": "application/problem+json" })
      .end('{"type":"urn:carnet:problem:fault","detail":"the \\u001b[2J\\u202eservice failed","request_id":"r1"}'),
  "answers with an HTML page": (response) =>
    void response.writeHead(200, { "Content-Type": "text/html" }).end(`<b>${planted}</b>`),
  "answers with a truncated document": (response) =>
    void response.writeHead(200, { "Content-Type": "application/json" }).end(`{"clients": [{"secret": "${planted}"`),
  "hangs up": (response) => void response.destroy(),
  "refuses the token": (response) =>
    void response
      .writeHead(401, { "Content-Type": "application/problem+json" })
      .end('{"type":"urn:carnet:problem:unauthorized","detail":"no","request_id":"r1"}'),
};

suite("an admin command", () => {
  let folder: TemporaryFolder;
  let fail: (response: ServerResponse) => void = () => {};
  const service = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.url !== "/oauth2/token") return fail(response);
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(`{"access_token":"${planted}","token_type":"Bearer","expires_in":600,"scope":""}`);
    });
  });
  before(async () => {
    folder = await temporaryFolder();
    await writeFile(folder.file("import.jsonl"), `{"client_id":"a","secret":{"value":"${planted}"}}\n`);
    await writeFile(folder.file("clients.yaml"), "owner: a\nclients:\n  - client_id: a\n");
    await new Promise<void>((listening) => service.listen(0, "127.0.0.1", listening));
  });
  after(async () => {
    service.closeAllConnections();
    service.close();
    await folder[Symbol.asyncDispose]();
  });

  for (const [what, how] of Object.entries(failures)) {
    test(`whose service ${what} prints a plain error, exits 1, and shows no secret and no token`, async () => {
      fail = how;
      const { port } = service.address() as AddressInfo;
      const env = {
        CARNET_SERVER_URL: `http://127.0.0.1:${port}`,
        CARNET_ADMIN_CLIENT_ID: "admin",
        CARNET_ADMIN_CLIENT_SECRET: planted,
      };
      const run = async (args: readonly string[]): Promise<void> => {
        const settings = { cwd: folder.path, env };
        const alone = args.includes("--secret-stdin") || slow.has(what); // the slow ones wait at the same time
        const finished = await (alone
          ? runCarnet(args, { ...settings, input: `${planted}\n` })
          : runCommand(args, settings));
        const written = finished.stdout + finished.stderr;
        assert.ok(!written.includes(planted), `carnet ${args.join(" ")}: ${written}`);
        assert.doesNotMatch(written.replaceAll("\n", ""), /\p{C}/u);
        assertRefused(finished, /^carnet: /);
      };
      await Promise.all((slow.has(what) ? withSecrets : commands).map(run));
    });
  }
});
