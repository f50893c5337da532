import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { suite, test } from "node:test";
import { CarnetProcess, carnetBin, runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { childrenOf, isRunning, printsAfter, serveWorkers, until } from "./support/serve-workers.ts";
import { loadWithTokens } from "./support/token-load.ts";

suite("a service with workers", () => {
  test("replaces a worker that was killed, while the others go on", async () => {
    await using carnet = await serveWorkers();
    const [killed = 0, other] = carnet.workers();
    await using load = loadWithTokens(carnet);
    await until(() => load.lifetimes.length > 50);
    const earlier = carnet.process.stdout.length;
    process.kill(killed, "SIGKILL");
    await printsAfter(carnet, earlier, /"event":"worker_ended"/);
    const got = load.lifetimes.length;
    await until(() => load.lifetimes.length > got); // by the other worker
    await printsAfter(carnet, earlier, /"event":"listening"/);
    const failed = load.failures.length; // on connections of the killed worker
    const before = load.lifetimes.length;
    await until(() => load.lifetimes.length > before + 100);
    await load.stop();
    assert.ok(failed < 50, `${failed} requests failed`);
    assert.deepEqual(load.failures.slice(failed), []);
    const workers = carnet.workers();
    assert.equal(workers.length, 2);
    assert.ok(workers.includes(other ?? 0) && !workers.includes(killed));
    assert.match(carnet.process.stdout, new RegExp(`"pid":${killed},"code":null,"signal":"SIGKILL"`));
  });

  test("waits longer before each restart of a worker that cannot start", async () => {
    await using carnet = await serveWorkers();
    await carnet.configure("accessTokenTtl: never\n");
    const [killed = 0] = carnet.workers();
    process.kill(killed, "SIGKILL");
    await carnet.process.prints("stdout", /(.*"event":"worker_ended"[\s\S]*){4}/);
    const times = [...carnet.process.stdout.matchAll(/"time":"([^"]+)".*"event":"worker_ended"/g)];
    const [first = 0, second = 0, third = 0, fourth = 0] = times.map(([, time = ""]) => Date.parse(time));
    assert.ok(second - first >= 100 && third - second >= 200 && fourth - third >= 400);
    assert.equal((await requestToken(carnet.url, "nobody", "nothing-that-is-known")).status, 401);
    await carnet.configure("accessTokenTtl: 6m\n");
    await until(() => carnet.workers().length === 2);
  });

  test("runs the command for the master key in each worker, and goes on while it fails for a new one", async () => {
    await using folder = await temporaryFolder();
    const at = (name: string) => `'${folder.file(name)}'`;
    const fails = `if [ -e ${at("broken")} ]; then echo planted >&2; exit 9; fi`;
    const command = `echo run >> ${at("runs")}; ${fails}; echo ${Buffer.alloc(32, 9).toString("base64")}`;
    const runs = async () => (await readFile(folder.file("runs"), "utf8")).split("\n").length - 1;
    await using carnet = await serveWorkers({ env: { CARNET_MASTER_KEY_COMMAND: command } });
    assert.equal(await runs(), 2);
    await writeFile(folder.file("broken"), "");
    process.kill(carnet.workers()[0] ?? 0, "SIGKILL");
    await carnet.process.prints("stderr", /The command for the master key ended with exit code 9/);
    assert.equal((await requestToken(carnet.url, "nobody", "nothing-that-is-known")).status, 401);
    const earlier = carnet.process.stdout.length;
    await rm(folder.file("broken"));
    await printsAfter(carnet, earlier, /"event":"listening"/);
    assert.ok((await runs()) >= 4);
    assert.doesNotMatch(carnet.process.stdout + carnet.process.stderr, /planted/);
  });

  test("ends its workers and frees the port within a second when the supervisor is killed", async () => {
    await using carnet = await serveWorkers();
    const workers = carnet.workers();
    carnet.process.kill("SIGKILL");
    const killedAt = performance.now();
    await until(() => !workers.some(isRunning));
    const took = performance.now() - killedAt;
    assert.ok(took < 5000, `${took} ms`); // a second on an idle machine
    const port = Number(new URL(carnet.url).port);
    await using server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
  });

  test("ends a worker that still starts when the supervisor is killed", async () => {
    await using folder = await temporaryFolder();
    const port = await freePort();
    const args = ["--host", "127.0.0.1", "--port", `${port}`, "--issuer", `http://127.0.0.1:${port}`];
    await using carnet = new CarnetProcess(["serve", "--workers", "1", ...args], { cwd: folder.path });
    await until(() => childrenOf(carnet.pid).length > 0);
    const workers = childrenOf(carnet.pid);
    process.kill(carnet.pid, "SIGKILL"); // not its group
    await until(() => !workers.some(isRunning));
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`stops in order after ${signal}, with its workers, and exits with code 0`, async () => {
      await using carnet = await serveWorkers();
      const workers = carnet.workers();
      // A terminal signals the workers too
      if (signal === "SIGINT") process.kill(-carnet.process.pid, signal);
      else carnet.process.kill(signal);
      const { code, stdout, stderr } = await carnet.process.finished();
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.equal(stdout.match(/"event":"stopped"/g)?.length, 2);
      assert.match(stdout, /"event":"workers_stopped"}\n$/);
      assert.ok(!workers.some(isRunning));
    });
  }

  test("ends at once with its workers and code 1 after a second signal, although a request is in progress", async () => {
    await using carnet = await serveWorkers();
    const workers = carnet.workers();
    const { port, hostname } = new URL(carnet.url);
    const socket = connect(Number(port), hostname).on("error", () => {});
    socket.write("POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
    await once(socket, "data"); // the service waits for the body
    const exited = carnet.process.exited();
    // Signals within a second count as one
    const insisting = setInterval(() => carnet.process.kill("SIGTERM"), 200);
    assert.equal(await exited, 1);
    clearInterval(insisting);
    await until(() => !workers.some(isRunning));
    assert.doesNotMatch(carnet.process.stdout, /requests_cut_off/);
    socket.destroy();
  });

  test("writes whole lines when its journal is standard output", async () => {
    await using carnet = await serveWorkers({ args: ["--journal", "stdout"] });
    await using load = loadWithTokens(carnet);
    await until(() => load.lifetimes.length > 1000);
    await load.stop();
    carnet.process.kill("SIGTERM");
    const { code, stdout } = await carnet.process.finished();
    const records = stdout
      .trimEnd()
      .split("\n")
      .map((line): { event?: string } => JSON.parse(line));
    assert.equal(records.filter(({ event }) => event === "token_issued").length, load.lifetimes.length);
    assert.equal(code, 0);
  });

  test("shows no secret of its environment, though its workers have it", async () => {
    const masterKey = Buffer.from("a planted master key, 32 bytes..").toString("base64");
    await using carnet = await serveWorkers({ env: { CARNET_MASTER_KEY: masterKey } });
    const { clientId, clientSecret } = carnet.credentials;
    assert.equal((await requestToken(carnet.url, clientId, clientSecret)).status, 200);
    await carnet.reload();
    carnet.process.kill("SIGTERM");
    const { stdout, stderr } = await carnet.process.finished();
    assert.ok(!`${stdout}${stderr}`.includes(masterKey.slice(0, 20)));
  });
});

suite("a start with workers that an operator must fix", () => {
  const flags = ["--workers", "2", "--issuer", "http://127.0.0.1:8080", "--host", "127.0.0.1"];

  test("ends with one message when the port is taken, also by another service with workers", async () => {
    await using carnet = await serveWorkers();
    const port = new URL(carnet.url).port;
    await using folder = await temporaryFolder();
    const { code, stderr } = await runCarnet(["serve", ...flags, "--port", port], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^carnet: The port ${port} of 127.0.0.1 is taken by another process: .*\\n$`));
  });

  test("ends with the message and the code of the first worker when the store cannot be opened", async () => {
    await using folder = await temporaryFolder();
    const env = { CARNET_MASTER_KEY_FILE: "/nowhere/master.key" };
    await using carnet = await serveCarnet({ folder: folder.path, env, args: ["--workers", "8"] }).then(
      () => assert.fail("it serves"),
      (error: Error) => ({ error, [Symbol.asyncDispose]: async () => {} }),
    );
    assert.match(carnet.error.message, /it ended without/);
    assert.equal(carnet.error.message.match(/master\.key/g)?.length, 1, carnet.error.message);
  });

  test("ends when it may open too few files, and does not stay with its management listener alone", async () => {
    await using folder = await temporaryFolder();
    const [port, management] = [await freePort(), await freePort()];
    const ports = ["--port", `${port}`, "--management-port", `${management}`];
    const messages: string[] = [];
    // Which step finds no free descriptor depends on how many of them Node itself uses
    for (let limit = 20; limit <= 30; limit++) {
      const args = ["serve", ...flags, "--workers", "64", ...ports];
      await using carnet = new CarnetProcess(args, {
        cwd: folder.path,
        command: ["sh", "-c", `ulimit -n ${limit}; exec "$0" "$@"`, process.execPath, carnetBin],
      });
      const { code, stderr } = await carnet.finished();
      assert.notEqual(code, 0);
      messages.push(stderr);
    }
    assert.match(messages.join(""), /too many files are open \(EMFILE\): raise the limit/);
  });

  test("refuses a bad number of workers", async () => {
    for (const workers of ["0", "257", "many", "1.5"]) {
      const { code, stderr } = await runCarnet(["serve", ...flags, "--workers", workers]);
      assert.equal(code, 2);
      assert.match(stderr, /--workers has an invalid value: .*Accepted: a whole number from 1 to 256, or auto/);
    }
  });
});
