// The packed guard verifies tokens of a running service on each runtime. Part of `npm run runtimes`, which installs it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService } from "@carnet/testkit/service";
import { rolldown } from "rolldown";
import { alterations } from "../test/support/altered-tokens.ts";
import { fetchToken } from "../test/support/fetch-token.ts";
import { publishedKey } from "../test/support/published-key.ts";

const modules = join(import.meta.dirname, "node_modules");
const folder = join(import.meta.dirname, "dist/consumer/guard");

const runtimes = {
  "Node 20": ["node-20/bin/node"],
  "Node 22": ["node-22/bin/node"],
  "Node 26": ["node-26/bin/node"],
  Bun: ["@oven/bun-linux-x64/bin/bun", "run"],
  Deno: ["@deno/linux-x64-glibc/deno", "run", "-A", "--no-check", "--node-modules-dir=manual"],
} as const;

/** Their Web Crypto has no ML-DSA, so the guard refuses every token that it signed. */
const withoutMlDsa: readonly string[] = ["Node 20", "Node 22", "workerd"];

/** A service on one port. Its worker may call this machine. */
const workerdConfig = (port: number) => `
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
  compatibilityDate = "2026-01-01",
);
`;

interface Call {
  readonly issuer: string;
  readonly token: string;
  readonly algorithm: string;
  readonly expected: readonly [status: number, text: string | null];
}

suite("the packed guard", () => {
  const services = new AsyncDisposableStack();
  const calls: Call[] = [];
  before(async () => {
    for (const algorithm of signingAlgorithmNames) {
      const service = services.use(await startTestService({ settings: { signingAlgorithm: algorithm } }));
      const of = { issuer: service.url, algorithm };
      const { clientId, token } = await fetchToken(service, "file:read");
      const { token: unscoped } = await fetchToken(service, "file:write");
      const publicKey = await publishedKey(service);
      for (const each of [token, token]) calls.push({ ...of, token: each, expected: [200, clientId] });
      calls.push({ ...of, token: unscoped, expected: [403, null] });
      for (const alter of Object.values(alterations))
        calls.push({ ...of, token: alter({ token, publicKey }), expected: [401, null] });
    }
  });
  after(() => services.disposeAsync());

  const expectedOn = (runtime: string) =>
    calls.map(({ algorithm, expected }) =>
      algorithm.startsWith("ML-DSA") && withoutMlDsa.includes(runtime) ? [401, null] : expected,
    );

  for (const [name, [path, ...args]] of Object.entries(runtimes))
    test(`verifies tokens of each algorithm on ${name}`, async () => {
      const env = { ...process.env, CALLS: JSON.stringify(calls.map(({ issuer, token }) => [issuer, token])) };
      const run = promisify(execFile)(join(modules, path), [...args, join(folder, "verify.js")], { env, cwd: folder });
      assert.deepEqual(JSON.parse((await run).stdout), expectedOn(name));
    });

  test("verifies tokens of each algorithm in workerd", async () => {
    const bundle = await rolldown({ input: join(folder, "worker.js"), platform: "browser" });
    await bundle.write({ file: join(folder, "api.js"), format: "esm" });
    const port = await freePort();
    writeFileSync(join(folder, "config.capnp"), workerdConfig(port));
    const workerd = join(modules, "@cloudflare/workerd-linux-64/bin/workerd");
    const command = [workerd, "serve", join(folder, "config.capnp"), "--control-fd=1"] as const;
    await using listening = new CarnetProcess([], { command });
    await listening.prints("stdout", /"event":"listen"/);
    const answers = await Promise.all(
      calls.map(async ({ issuer, token }) => {
        const headers = { Authorization: `Bearer ${token}` };
        const response = await fetch(`http://127.0.0.1:${port}/files?issuer=${issuer}`, { headers });
        const text = await response.text();
        return [response.status, response.status === 200 ? text : null];
      }),
    );
    assert.deepEqual(answers, expectedOn("workerd"));
  });
});
