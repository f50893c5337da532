// The packed guard verifies tokens of a running service on each runtime. Part of `npm run runtimes`, which installs it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { rolldown } from "rolldown";
import { alterations } from "../test/support/altered-tokens.ts";
import { fetchToken } from "../test/support/fetch-token.ts";
import { publishedKey } from "../test/support/published-key.ts";

const modules = join(import.meta.dirname, "node_modules");
const folder = join(import.meta.dirname, "dist/consumer/guard");

const runtimes = {
  "Node 20": ["node-20/bin/node"],
  "Node 26": ["node-26/bin/node"],
  Bun: ["@oven/bun-linux-x64/bin/bun", "run"],
  Deno: ["@deno/linux-x64-glibc/deno", "run", "-A", "--no-check", "--node-modules-dir=manual"],
} as const;

/** A service on one port. Its worker may call this machine. */
const workerdConfig = (issuer: string, port: number) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "api", worker = .api),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "api")],
);
const api :Workerd.Worker = (
  modules = [(name = "api.js", esModule = embed "api.js")],
  bindings = [(name = "ISSUER", text = "${issuer}")],
  compatibilityDate = "2026-01-01",
);
`;

suite("the packed guard", () => {
  let service: TestService;
  let tokens: readonly string[];
  let expected: readonly unknown[];
  before(async () => {
    service = await startTestService();
    const { clientId, token } = await fetchToken(service, "file:read");
    const { token: unscoped } = await fetchToken(service, "file:write");
    const publicKey = await publishedKey(service);
    const forged = Object.values(alterations).map((alter) => alter({ token, publicKey }));
    tokens = [token, token, unscoped, ...forged];
    expected = [[200, clientId], [200, clientId], [403, null], ...forged.map(() => [401, null])];
  });
  after(() => service[Symbol.asyncDispose]());

  for (const [name, [path, ...args]] of Object.entries(runtimes))
    test(`verifies tokens on ${name}`, async () => {
      const env = { ...process.env, ISSUER: service.url, TOKENS: JSON.stringify(tokens) };
      const run = promisify(execFile)(join(modules, path), [...args, join(folder, "verify.js")], { env, cwd: folder });
      assert.deepEqual(JSON.parse((await run).stdout), expected);
    });

  test("verifies tokens in workerd", async () => {
    const bundle = await rolldown({ input: join(folder, "worker.js"), platform: "browser" });
    await bundle.write({ file: join(folder, "api.js"), format: "esm" });
    const port = await freePort();
    writeFileSync(join(folder, "config.capnp"), workerdConfig(service.url, port));
    const workerd = join(modules, "@cloudflare/workerd-linux-64/bin/workerd");
    const command = [workerd, "serve", join(folder, "config.capnp"), "--control-fd=1"] as const;
    await using listening = new CarnetProcess([], { command });
    await listening.prints("stdout", /"event":"listen"/);
    const answers = await Promise.all(
      tokens.map(async (token) => {
        const headers = { Authorization: `Bearer ${token}` };
        const response = await fetch(`http://127.0.0.1:${port}/files`, { headers });
        const text = await response.text();
        return [response.status, response.status === 200 ? text : null];
      }),
    );
    assert.deepEqual(answers, expected);
  });
});
