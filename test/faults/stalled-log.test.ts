import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { Writable } from "node:stream";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registerClient } from "@carnet/core/client/register-client";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { startServer } from "@carnet/server/main";
import { CarnetProcess, carnetBin } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { readChains } from "@carnet/testkit/journal-chains";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { versionOf } from "../support/command-line-tools.ts";

/** The journal is among the log lines. */
const journal = ["--journal", "stdout"];

/** Each of its records has more than 4 KB, so that about 250 of them stall the log. */
const scopes = Array.from({ length: 38 }, (_, number) => `scope-${number}-`.padEnd(100, "x"));

async function folderWithClient() {
  const folder = await temporaryFolder();
  const registry = await openTestRegistry(folder.file("carnet.db"));
  const registered = await registerClient({ client_id: "app", scope: scopes.join(" ") }, registry);
  assert.ok(registered.ok, JSON.stringify(registered));
  await registry.close();
  return { ...folder, secret: registered.value.generatedSecret?.reveal() ?? "" };
}

/** Requests tokens from 400 callers or more until one is refused. The pending responses come later. */
async function stallLog(url: string, secret: string) {
  let refusal: Response | undefined;
  const caller = async (): Promise<number> => {
    for (let issued = 0; ; issued++) {
      const answer = await requestToken(url, "app", secret);
      if (answer.status !== 200) {
        refusal ??= answer;
        return issued;
      }
      await answer.arrayBuffer();
      if (refusal !== undefined) return issued + 1;
    }
  };
  const callers = Array.from({ length: 400 }, caller);
  // None of the 400 is refused if all arrive before the first record is written
  for (; refusal === undefined; await sleep(20)) callers.push(caller());
  const issued = Promise.all(callers).then((counts) => counts.reduce((a, b) => a + b));
  issued.catch(() => {}); // a test may await it only after the service has closed the connections
  return { refusal, issued };
}

/** Counts the whole records of issued tokens. */
const recordsIn = (log: string) => log.split("\n").filter((line) => /"event":"token_issued".*}$/.test(line)).length;

/** Requests tokens one by one until the service ends. Returns the number of responses. */
async function issueUntilGone(url: string, secret: string): Promise<number> {
  for (let issued = 0; ; issued++) {
    const answer = await requestToken(url, "app", secret).catch(() => undefined);
    if (answer === undefined) return issued;
    assert.equal(answer.status, 200);
  }
}

async function listens(url: string): Promise<void> {
  const answers = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) await sleep(20);
}

suite("a log without a reader", { timeout: 120_000 }, () => {
  test("stops only tokens, at a bound; once it is read again, every issued token has its record", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path, args: journal });
    const { client_id, client_secret } = JSON.parse(readFileSync(folder.file("admin.json"), "utf8"));
    const { access_token } = await (await requestToken(carnet.url, client_id, client_secret)).json();
    carnet.process.stall();
    const { refusal, issued } = await stallLog(carnet.url, folder.secret);
    assert.equal(refusal.status, 503);
    assert.match(refusal.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    assert.equal((await refusal.json()).error, "temporarily_unavailable");

    const before = carnet.process.memory();
    for (let round = 0; round < 50; round++) {
      const asked = Array.from({ length: 20 }, (_, number) =>
        requestToken(carnet.url, "app", number % 2 === 0 ? folder.secret : "wrong"),
      );
      for (const answer of await Promise.all(asked)) {
        assert.equal(answer.status, 503);
        await answer.arrayBuffer();
      }
    }
    const growth = carnet.process.memory() - before;
    assert.ok(growth < 64 * 1024 * 1024, `memory grew by ${growth} bytes`);
    const statuses = ["live", "ready"].map(async (path) => (await fetch(`${carnet.url}/health/${path}`)).status);
    assert.deepEqual(await Promise.all(statuses), [200, 503]);
    const change = await fetch(`${carnet.url}/admin/v1/scopes/late:scope`, {
      method: "PUT",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: JSON.stringify({ description: "Late" }),
    });
    assert.equal(change.status, 503);

    carnet.process.resume();
    const [, dropped] = await carnet.process.prints("stdout", /"lines":(\d+),"event":"log_lines_dropped"/);
    assert.ok(Number(dropped) > 0);
    await carnet.process.prints("stdout", /"event":"journal_available"/);
    assert.equal((await requestToken(carnet.url, "app", folder.secret)).status, 200);
    const answered = await issued;
    assert.ok(answered > 20, `${answered} tokens`);
    carnet.process.kill("SIGTERM");
    const { code, stdout, stderr } = await carnet.process.finished();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.equal(recordsIn(stdout), answered + 2);
  });

  test("does not prevent a service from ending within its drain timeout", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path, args: [...journal, "--drain-timeout", "500"] });
    carnet.process.stall();
    const { issued } = await stallLog(carnet.url, folder.secret);
    const stopped = performance.now();
    carnet.process.kill("SIGTERM");
    assert.equal(await carnet.process.exited(), 0);
    const took = performance.now() - stopped;
    assert.ok(took < 5000, `it took ${took} ms`);
    await assert.rejects(issued); // the connections that waited for a record are closed
  });

  test("does not prevent a service from ending while less waits than stalls it", { timeout: 20_000 }, async () => {
    await using folder = await temporaryFolder();
    const port = await freePort();
    const flags = { host: "127.0.0.1", port: `${port}`, dataDir: folder.path, journal: "stdout" };
    const configuration = loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined });
    let isRead = true;
    const log = new Writable({ decodeStrings: false, write: (_lines, _encoding, done) => void (isRead && done()) });
    const server = await startServer(configuration, log);
    isRead = false;
    await server.close();
  });

  // Node cannot create a terminal
  if (versionOf(["python3", "--version"]) !== undefined)
    test("does not prevent a service from ending when it is a terminal", async () => {
      await using folder = await folderWithClient();
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      await using carnet = new CarnetProcess(serveArguments(url, port), {
        cwd: folder.path,
        command: ["python3", "-c", inTerminal, process.execPath, carnetBin],
      });
      await Promise.race([listens(url), carnet.exited()]);
      await stallLog(url, folder.secret);
      carnet.kill("SIGTERM");
      assert.equal(await carnet.exited(), 0);
    });
});

/** Runs a command in a terminal without a reader, and passes SIGTERM on to it. */
const inTerminal = `
import pty, signal, subprocess, sys
_, terminal = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdout=terminal)
signal.signal(signal.SIGTERM, lambda *_: child.terminate())
sys.exit(child.wait())`;

const serveArguments = (url: string, port: number): readonly string[] => [
  "serve",
  "--issuer",
  url,
  "--host",
  "127.0.0.1",
  "--port",
  `${port}`,
  "--data-dir",
  ".",
  "--drain-timeout",
  "500",
  ...journal,
];

test("a log file on a full disk does not matter to a service whose journal has its own files", async () => {
  await using folder = await folderWithClient();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const limit = 1024 * 1024;
  appendFileSync(folder.file("log"), "x".repeat(limit));
  const serve = `ulimit -f ${limit / 512}; exec "$0" "$@" >> log`;
  await using carnet = new CarnetProcess(serveArguments(url, port).slice(0, -2), {
    cwd: folder.path,
    command: ["sh", "-c", serve, process.execPath, carnetBin],
  });
  await Promise.race([listens(url), carnet.exited()]);
  assert.equal((await requestToken(url, "app", folder.secret)).status, 200);
  carnet.kill("SIGTERM");
  const { code, stderr } = await carnet.finished();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const events = readChains(folder.file("journal")).flatMap(({ records }) => records.map(({ event }) => event));
  assert.deepEqual(events.slice(-3), ["service_started", "token_issued", "service_stopped"]);
});

test("a log file on a full disk ends a service whose journal it is, and every issued token has a complete record", async () => {
  await using folder = await folderWithClient();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const limit = 1024 * 1024;
  appendFileSync(folder.file("log"), `${"x".repeat(limit - 100_000)}\n`);
  // POSIX counts in blocks of 512 bytes
  const serve = `ulimit -f ${limit / 512}; exec "$0" "$@" >> log`;
  await using carnet = new CarnetProcess(serveArguments(url, port), {
    cwd: folder.path,
    command: ["sh", "-c", serve, process.execPath, carnetBin],
  });
  await Promise.race([listens(url), carnet.exited()]);
  const issued = await issueUntilGone(url, folder.secret);
  const { code, stderr } = await carnet.finished();
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^carnet: The log cannot be written to standard output \(EFBIG\), and without a record no token/,
  );
  assert.equal(statSync(folder.file("log")).size, limit, "the last record is truncated");
  assert.ok(issued > 0);
  assert.equal(recordsIn(readFileSync(folder.file("log"), "utf8")), issued);
});
