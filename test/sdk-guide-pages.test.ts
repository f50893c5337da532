// Runs the code of the SDK's guide pages in the surroundings that they are about: a forward proxy, a certificate of a private
// authority, a stop signal.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { decodeJwt } from "jose";
import { startForwardProxy } from "./support/forward-proxy.ts";
import { blocksOf, readersFolder, runBlock, stopped } from "./support/reader.ts";
import { caFile, startTlsFront } from "./support/tls-front.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "test/dist/guide-pages");

/** Writes the n-th TypeScript block of a page to a file and returns its path. */
function block(page: string, n: number): string {
  const text = readFileSync(join(root, "docs/guide/sdk", page), "utf8");
  const code = [...text.matchAll(/^```ts\n(.*?)^```/gms)][n]?.[1];
  assert.ok(code, `${page} has no block ${n}`);
  const path = join(folder, `${page}-${n}.ts`);
  writeFileSync(path, code);
  return path;
}

suite("the SDK's guide pages", () => {
  let service: TestService;
  let credentials: Record<string, string>;
  before(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    service = await startTestService();
    const { clientId, clientSecret } = await service.register({ scope: "file:read" });
    credentials = { CARNET_CLIENT_ID: clientId, CARNET_CLIENT_SECRET: clientSecret };
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a file with these variables only. */
  const run = async (file: string, env: Record<string, string>): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...credentials, ...env } });
    return stdout;
  };

  test("proxies.md: the environment sends requests through the proxy, except to the hosts in NO_PROXY", async () => {
    await using proxy = await startForwardProxy();
    await using front = await startTlsFront(service.url);
    const file = block("proxies.md", 0);
    const { host } = new URL(front.url);
    const env = {
      CARNET_SERVER_URL: front.url,
      NODE_EXTRA_CA_CERTS: caFile,
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: proxy.url,
    };
    assert.equal(await run(file, env), "file:read\n");
    assert.deepEqual(proxy.seen, [`CONNECT ${host}`]);
    assert.equal(await run(file, { ...env, NO_PROXY: "localhost" }), "file:read\n");
    assert.equal(proxy.seen.length, 1);
  });

  test("proxies.md: a dispatcher of undici sends requests through the proxy", async () => {
    await using proxy = await startForwardProxy();
    await using front = await startTlsFront(service.url);
    const env = { CARNET_SERVER_URL: front.url, NODE_EXTRA_CA_CERTS: caFile, HTTPS_PROXY: proxy.url };
    assert.equal(await run(block("proxies.md", 1), env), "file:read\n");
    assert.deepEqual(proxy.seen, [`CONNECT ${new URL(front.url).host}`]);
  });

  test("custom-ca.md: NODE_EXTRA_CA_CERTS or a dispatcher of undici makes the certificate trusted", async () => {
    await using front = await startTlsFront(service.url);
    const env = { CARNET_SERVER_URL: front.url };
    assert.equal(await run(block("custom-ca.md", 0), { ...env, NODE_EXTRA_CA_CERTS: caFile }), "file:read\n");
    assert.equal(await run(block("custom-ca.md", 1), { ...env, COMPANY_CA_FILE: caFile }), "file:read\n");
  });

  test("custom-ca.md: without them the SDK fails with a ConnectionError that names the certificate", async () => {
    await using front = await startTlsFront(service.url);
    const file = join(folder, "untrusted.ts");
    writeFileSync(file, 'import { SDK } from "@carnet/sdk";\nawait new SDK().token({ retries: 0 });\n');
    const failed = run(file, { CARNET_SERVER_URL: front.url });
    await assert.rejects(failed, /ConnectionError.*UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  });

  test("workers.md: SIGTERM stops the worker at once while it waits", async () => {
    const stalled = createServer(); // Never answers.
    const asked = once(stalled, "request");
    await new Promise<void>((resolve) => stalled.listen(0, "127.0.0.1", resolve));
    const CARNET_SERVER_URL = `http://127.0.0.1:${(stalled.address() as AddressInfo).port}`;
    const worker = spawn(process.execPath, [block("workers.md", 0)], { env: { ...credentials, CARNET_SERVER_URL } });
    try {
      let output = "";
      for (const stream of [worker.stdout, worker.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
      const closed = once(worker, "close");
      await asked;
      worker.kill("SIGTERM");
      assert.deepEqual(await closed, [0, null], output);
      assert.equal(output, "stopped\n");
    } finally {
      worker.kill("SIGKILL");
      stalled.closeAllConnections();
      stalled.close();
    }
  });

  test("testing.md: the commands for a pipeline start a service, and get a token from it", async () => {
    const { folder, env } = await readersFolder();
    await using _ = folder;
    const port = String(await freePort());
    const commands = blocksOf("docs/guide/sdk/testing.md").join("").replace("8080", port);
    await runBlock(commands, folder.path, { ...env, CARNET_PORT: port, TMPDIR: folder.path });
    const [token = ""] = globSync(join(folder.path, "tmp.*/token"));
    await stopped(join(dirname(token), "dev.log"));
    assert.equal(decodeJwt(readFileSync(token, "utf8").trim())["client_id"], "ci");
  });

  test("proxies.md: a proxy that cannot be reached is a ConnectionError without the proxy's password", async () => {
    const HTTPS_PROXY = `http://user:hunter2@127.0.0.1:${await freePort()}`;
    const file = join(folder, "unreachable.ts");
    writeFileSync(file, 'import { SDK } from "@carnet/sdk";\nawait new SDK().token({ retries: 0 });\n');
    const env = { CARNET_SERVER_URL: `https://localhost:${await freePort()}`, NODE_USE_ENV_PROXY: "1", HTTPS_PROXY };
    await assert.rejects(run(file, env), (error: Error) => {
      assert.match(error.message, /ConnectionError.*ECONNREFUSED/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });
});
