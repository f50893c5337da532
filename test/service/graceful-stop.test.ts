import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import { Redacted } from "@carnet/protocol/redacted";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { readChains } from "@carnet/testkit/journal-chains";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { RawConnection, tokenRequest } from "./support/raw-connection.ts";

const secret = "a-secret-of-the-test-client";

/** A folder with a client. */
async function folderWithClient() {
  const folder = await temporaryFolder();
  const registry = await openTestRegistry(folder.file("carnet.db"));
  const registered = await registerClient({ client_id: "app", secret: { value: new Redacted(secret) } }, registry);
  assert.ok(registered.ok);
  await registry.close();
  return folder;
}

/** Signals the service to stop, and waits until it has started to. */
async function stop({ process }: ServingCarnet, signal: "SIGTERM" | "SIGINT" = "SIGTERM"): Promise<void> {
  process.kill(signal);
  await process.prints("stdout", /"event":"stopping"/);
}

/**
 * Connects until a connection is refused. The service closes its listening socket a few turns of its event loop after
 * it logs the stop. A reset only means that the socket is closing: the kernel resets connections not yet accepted.
 */
async function assertRefusesSoon(url: string): Promise<void> {
  for (let tries = 0; tries < 10_000; tries++) {
    const code = await RawConnection.to(url).then(
      (accepted) => accepted[Symbol.asyncDispose]().then(() => "accepted"),
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code !== "accepted" && code !== "ECONNRESET") return assert.equal(code, "ECONNREFUSED");
  }
  assert.fail("new connections are still accepted");
}

async function assertStopped({ process }: ServingCarnet): Promise<void> {
  const { code, stdout, stderr } = await process.finished();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /"event":"stopped"}\n$/);
  assert.doesNotMatch(stdout, /requests_cut_off/);
}

suite("a service that is stopping", () => {
  test("answers every request sent before the stop, refuses new connections, and exits 0", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path });
    const { head, body } = tokenRequest("app", secret);
    await using connections = new AsyncDisposableStack();
    const callers: RawConnection[] = [];
    for (let number = 0; number < 32; number++) callers.push(connections.use(await RawConnection.to(carnet.url)));
    await fetch(`${carnet.url}/health/live`); // accepted after all callers. The kernel would reset connections not yet accepted
    for (const caller of callers) caller.send(head + body);
    await stop(carnet);
    await assertRefusesSoon(carnet.url);
    // Requests that had arrived get a token, the others a 503. No connection is dropped
    for (const caller of callers)
      await caller.receives(/^HTTP\/1\.1 (200 OK\r\n.*"access_token"|503 .*"temporarily_unavailable")[^}]*}$/s);
    assert.ok(callers.some(({ received }) => received.startsWith("HTTP/1.1 200")));
    await assertStopped(carnet);
  });

  test("completes the responses that it is sending", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path });
    const size = (await (await fetch(`${carnet.url}/docs/reader.js`)).arrayBuffer()).byteLength;
    await using connections = new AsyncDisposableStack();
    const callers: RawConnection[] = [];
    for (let number = 0; number < 3; number++) callers.push(connections.use(await RawConnection.to(carnet.url)));
    for (const caller of callers) {
      caller.send("GET /docs/reader.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await caller.receives(/^HTTP\/1\.1 200 OK\r\n/);
      caller.pause();
    }
    await stop(carnet);
    for (const caller of callers) caller.resume();
    await assertStopped(carnet);
    for (const caller of callers) {
      await caller.closed();
      assert.equal(caller.received.length - caller.received.indexOf("\r\n\r\n") - 4, size);
    }
  });

  test("refuses requests on open connections with 503: tokens with Retry-After, readiness as draining", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path });
    await using caller = await RawConnection.to(carnet.url);
    await using probe = await RawConnection.to(carnet.url);
    const { head, body } = tokenRequest("app", secret);
    caller.send(head + body);
    await caller.receives(/^HTTP\/1\.1 200 OK\r\n.*"access_token"/s);
    caller.send(head + body.slice(0, 20));
    probe.send("GET /health/ready HTTP/1.1\r\nHost: localhost\r\n");
    await fetch(`${carnet.url}/health/live`);
    await stop(carnet);
    caller.send(body.slice(20));
    await caller.receives(/HTTP\/1\.1 503 Service Unavailable\r\n.*"temporarily_unavailable".*}$/s);
    const refusal = caller.received.slice(caller.received.indexOf("HTTP/1.1 503"));
    assert.match(refusal, /^retry-after: 1\r$/im);
    assert.match(refusal, /^connection: close\r$/im);
    assert.match(refusal, /"error_description":"this instance of the service is stopping: send the request again"/);
    probe.send("\r\n");
    await probe.receives(
      /^HTTP\/1\.1 503 .*{"status":"unavailable","draining":true,"keys":true,"store":true,"journal":true}$/s,
    );
    await assertStopped(carnet);
    const [{ records = [] } = {}] = readChains(folder.file("journal"));
    assert.deepEqual(
      records.slice(-4).map(({ event, reason }) => [event, reason]),
      [
        ["service_started", undefined],
        ["token_issued", undefined],
        ["token_refused", "draining"],
        ["service_stopped", undefined],
      ],
    );
  });

  test("counts two signals in a row as one, because Ctrl+C under npm can send both, and stops on SIGHUP too", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path });
    await using asking = await RawConnection.to(carnet.url);
    const { head, body } = tokenRequest("app", secret);
    asking.send(head);
    await fetch(`${carnet.url}/health/live`);
    carnet.process.kill("SIGHUP");
    await carnet.process.prints("stdout", /"event":"stopping"/);
    carnet.process.kill("SIGINT");
    asking.send(body);
    await asking.receives(/^HTTP\/1\.1 503 /);
    await assertStopped(carnet);
  });

  test("does not wait for idle connections", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path });
    await using silent = await RawConnection.to(carnet.url);
    await using idle = await RawConnection.to(carnet.url);
    idle.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await idle.receives(/"live"/);
    await stop(carnet, "SIGINT");
    await Promise.all([idle.closed(), silent.closed()]);
    await assertStopped(carnet);
  });

  test("closes connections still open after the drain timeout, and exits 0", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path, args: ["--drain-timeout", "50"] });
    await using asking = await RawConnection.to(carnet.url);
    const { head } = tokenRequest("app", secret);
    asking.send(`${head}grant_type=`);
    await fetch(`${carnet.url}/health/live`);
    await stop(carnet);
    await asking.closed();
    const { code, stdout } = await carnet.process.finished();
    assert.equal(code, 0);
    assert.match(stdout, /"drainTimeout":50,"event":"requests_cut_off"}\n.*"event":"stopped"}\n$/);
  });

  test("waits less than ten seconds by default", () => {
    const { drainTimeout } = loadConfiguration({ mode: "dev", flags: {}, environment: {}, file: undefined });
    assert.equal(drainTimeout, 9000);
  });

  test("exits at once on a signal that comes later than a second after the first", async () => {
    await using folder = await folderWithClient();
    await using carnet = await serveCarnet({ folder: folder.path, args: ["--drain-timeout", "600000"] });
    await using asking = await RawConnection.to(carnet.url);
    asking.send(tokenRequest("app", secret).head);
    await fetch(`${carnet.url}/health/live`);
    await stop(carnet, "SIGINT");
    const again = setInterval(() => carnet.process.kill("SIGINT"), 50);
    const { code, stdout } = await carnet.process.finished();
    clearInterval(again);
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /"event":"stopped"/);
    await using restarted = await serveCarnet({ folder: folder.path });
    assert.equal((await requestToken(restarted.url, "app", secret)).status, 200);
  });
});
