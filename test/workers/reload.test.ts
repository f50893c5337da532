import assert from "node:assert/strict";
import { chmod, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { freePort } from "@carnet/testkit/free-port";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { printsAfter, serveWorkers, until } from "./support/serve-workers.ts";
import { loadWithTokens } from "./support/token-load.ts";

suite("SIGHUP to a service with workers", () => {
  test("replaces each worker with the new configuration, and no request fails under load", async () => {
    await using carnet = await serveWorkers();
    await using load = loadWithTokens(carnet);
    await until(() => load.lifetimes.length > 100);
    const replaced = new Set(carnet.workers());
    for (const minutes of [6, 7, 8]) {
      await carnet.configure(`accessTokenTtl: ${minutes}m\n`);
      await carnet.reload();
      const before = load.lifetimes.length;
      await until(() => load.lifetimes.length > before + 200);
      assert.deepEqual(new Set(load.lifetimes.slice(before + 100)), new Set([minutes * 60]));
      const workers = carnet.workers();
      assert.equal(workers.length, 2);
      for (const worker of workers) assert.ok(!replaced.has(worker));
      for (const worker of workers) replaced.add(worker);
    }
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.doesNotMatch(carnet.process.stdout, /worker_ended|worker_killed|requests_cut_off/);
  });

  test("with a broken configuration file changes nothing, and the log says why", async () => {
    await using carnet = await serveWorkers();
    const workers = carnet.workers();
    await carnet.configure("accessTokenTtl: never\n");
    await carnet.reload();
    const line = /.*"event":"reload_failed".*/.exec(carnet.process.stdout)?.[0] ?? "";
    assert.match(
      JSON.parse(line).fault,
      /The setting accessTokenTtl of the file .* has an invalid value: "never"\. Accepted:/,
    );
    assert.deepEqual(carnet.workers(), workers);
    await using load = loadWithTokens(carnet);
    await until(() => load.lifetimes.length > 50);
    await load.stop();
    assert.deepEqual([new Set(load.lifetimes), load.failures], [new Set([300]), []]);
  });

  test("goes on with the old workers when a new one cannot start", async () => {
    await using carnet = await serveWorkers();
    const workers = carnet.workers();
    await carnet.configure("masterKeyFile: /nowhere/master.key\n");
    await carnet.reload();
    assert.match(carnet.process.stderr, /nowhere/);
    assert.match(carnet.process.stdout, /"event":"reload_failed"/);
    assert.deepEqual(carnet.workers(), workers);
    await carnet.configure("accessTokenTtl: 6m\n");
    await carnet.reload();
    assert.match(carnet.process.stdout, /"event":"reloaded"/);
  });

  test("does not change the number of workers, and the log says that this needs a restart", async () => {
    await using carnet = await serveWorkers();
    await carnet.reload();
    assert.doesNotMatch(carnet.process.stdout, /reload_needs_restart/);
    await writeFile(carnet.file, "workers: 3\n", { mode: 0o600 });
    await carnet.reload();
    assert.match(carnet.process.stdout, /"settings":\["workers"\].*"event":"reload_needs_restart"/);
    assert.equal(carnet.workers().length, 2);
  });

  test("does not move the management listener, and the log says that this needs a restart", async () => {
    await using carnet = await serveWorkers();
    await carnet.configure(`managementPort: ${await freePort()}\n`);
    await carnet.reload();
    assert.match(carnet.process.stdout, /"settings":\["managementPort"\].*"event":"reload_needs_restart"/);
  });
});

test("a second SIGHUP during a reload leads to another reload", async () => {
  await using carnet = await serveWorkers();
  const earlier = carnet.process.stdout.length;
  carnet.process.kill("SIGHUP");
  await printsAfter(carnet, earlier, /"event":"reloading"/);
  await carnet.configure("accessTokenTtl: 9m\n");
  carnet.process.kill("SIGHUP");
  await printsAfter(carnet, earlier, /"event":"reloaded"[\s\S]*"event":"reloaded"/);
  await using load = loadWithTokens(carnet, 2);
  await until(() => load.lifetimes.length > 20);
  await load.stop();
  assert.deepEqual([new Set(load.lifetimes), load.failures], [new Set([540]), []]);
});

test("SIGHUP replaces workers that serve HTTPS, and the certificate, and no request fails under load", async () => {
  const fixtures = join(import.meta.dirname, "../fixtures/tls");
  await using folder = await temporaryFolder();
  const [tlsCert, tlsKey] = [folder.file("server.pem"), folder.file("server.key")];
  const put = async (name: string): Promise<void> => {
    await cp(join(fixtures, name, "server.pem"), tlsCert);
    await cp(join(fixtures, name, "server.key"), tlsKey);
    await chmod(tlsKey, 0o600);
  };
  await put(".");
  const env = { CARNET_TLS_CERT: tlsCert, CARNET_TLS_KEY: tlsKey };
  await using carnet = await serveWorkers({ args: ["--issuer", "https://localhost"], env });
  const ca = await Promise.all(["ca.pem", "other/server.pem"].map((name) => readFile(join(fixtures, name))));
  const overTls = { ...carnet, url: carnet.url.replace("http:", "https:") };
  await using load = loadWithTokens(overTls, 12, { ca, servername: "localhost" });
  await until(() => load.lifetimes.length > 100);
  await put("other");
  await carnet.reload();
  const before = load.lifetimes.length;
  await until(() => load.lifetimes.length > before + 100);
  await load.stop();
  assert.deepEqual(load.failures, []);
  assert.match(carnet.process.stdout, /"event":"reloaded"/);
});
