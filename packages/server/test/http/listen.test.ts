import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, Server } from "node:net";
import { mock, suite, test } from "node:test";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService, type TestService } from "@carnet/testkit/service";

const portOf = ({ url }: TestService): number => Number(new URL(url).port);
const startOnLocalhost = (settings: Readonly<Record<string, string>> = {}) =>
  startTestService({ settings: { host: "localhost", ...settings } });

/** A connection whose request has no body yet, so that a stop has to wait for it. */
async function beginRequest(service: TestService, host: string) {
  const socket = connect(portOf(service), host).setEncoding("utf8");
  socket.write("POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n");
  socket.write("Content-Type: application/x-www-form-urlencoded\r\n\r\n");
  await once(socket, "data"); // the service has the head and waits for the body
  return socket;
}

/** A connection that has had one answer, and asks for another. */
async function keepAlive(service: TestService, host: string) {
  const socket = connect(portOf(service), host).setEncoding("utf8");
  const closed = once(socket, "close");
  async function ask(): Promise<string> {
    const answer = once(socket, "data");
    socket.write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
    return String(await answer);
  }
  assert.match(await ask(), /\r\nconnection: keep-alive\r\n/i);
  return { ask, closed };
}

suite("The host localhost", () => {
  test("listens on both loopback addresses with one port", async () => {
    await using service = await startOnLocalhost();
    assert.equal(service.url, `http://localhost:${portOf(service)}`);
    for (const host of ["127.0.0.1", "[::1]", "localhost"])
      assert.equal((await fetch(`http://${host}:${portOf(service)}/health/live`)).status, 200, host);
  });

  test("a stop closes both addresses and finishes requests on each", async () => {
    await using service = await startOnLocalhost();
    const sockets = await Promise.all(["127.0.0.1", "::1"].map((host) => beginRequest(service, host)));
    const idle = connect(portOf(service), "::1");
    await once(idle, "connect");
    await fetch(`http://[::1]:${portOf(service)}/health/live`); // the service has accepted the idle connection
    const idleClosed = once(idle.resume(), "close");
    const stopped = service.server.close();
    const answers = sockets.map((socket) => once(socket, "data"));
    for (const socket of sockets) socket.write("x");
    for (const answer of await Promise.all(answers)) assert.match(String(answer), /^HTTP\/1\.1 503 /);
    await Promise.all([idleClosed, stopped]);
    for (const host of ["127.0.0.1", "[::1]"])
      await assert.rejects(fetch(`http://${host}:${portOf(service)}/health/live`));
  });

  test("retiring accepts nothing more, and closes each connection after its next answer, which is no refusal", async () => {
    await using service = await startOnLocalhost();
    const connections = await Promise.all(["127.0.0.1", "::1"].map((host) => keepAlive(service, host)));
    const retired = service.server.retire();
    for (const host of ["127.0.0.1", "[::1]"])
      await assert.rejects(fetch(`http://${host}:${portOf(service)}/health/live`));
    for (const { ask, closed } of connections) {
      const answer = await ask();
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.match(answer, /\r\nconnection: close\r\n/i);
      await closed;
    }
    await retired; // long before the drain timeout
  });

  test("retiring ends after the drain timeout, although a caller keeps its connection idle", async () => {
    await using service = await startOnLocalhost({ drainTimeout: "1" });
    const { ask, closed } = await keepAlive(service, "127.0.0.1");
    await service.server.retire();
    assert.match(await ask(), /^HTTP\/1\.1 200 /);
    await closed;
  });

  test("the drain timeout cuts off requests on both addresses", async () => {
    await using service = await startOnLocalhost({ drainTimeout: "1" });
    const sockets = await Promise.all(["127.0.0.1", "::1"].map((host) => beginRequest(service, host)));
    const ends = sockets.map((socket) => once(socket, "close"));
    await service.server.close();
    await Promise.all(ends);
    assert.ok(service.log.some((line) => line.includes("requests_cut_off")));
  });

  test("the limits on connections cover ::1 too", async () => {
    await using service = await startOnLocalhost();
    const port = portOf(service);
    const open: ReturnType<typeof connect>[] = [];
    // More than one address may have
    for (let number = 0; number < 600; number++) open.push(connect(port, "::1").on("error", () => {}));
    const closed = open.map((socket) => once(socket.resume(), "close"));
    await Promise.race(closed);
    assert.equal((await fetch(`http://127.0.0.1:${port}/health/live`)).status, 200);
    for (const socket of open) socket.destroy();
  });

  for (const [taken, other] of [
    ["127.0.0.1", "::1"],
    ["::1", "127.0.0.1"],
  ] as const) {
    test(`does not start when the port is taken on ${taken}, and leaves it free on ${other}`, async () => {
      await using holder = createServer();
      await once(holder.listen(0, taken), "listening");
      const address = holder.address();
      assert.ok(typeof address === "object" && address !== null);
      await assert.rejects(startOnLocalhost({ port: String(address.port) }), {
        name: "OperatorFault",
        message: `The port ${address.port} of ${taken} is taken by another process: end that process, or set CARNET_PORT or --port to another port.`,
      });
      await using free = createServer();
      await once(free.listen(address.port, other), "listening");
    });
  }

  test("listens on 127.0.0.1 alone when the machine has no IPv6", async () => {
    const listen = Server.prototype.listen;
    const mocked = mock.method(Server.prototype, "listen", function (this: Server, ...given: unknown[]): Server {
      if (given[1] !== "::1") return Reflect.apply(listen, this, given);
      queueMicrotask(() => this.emit("error", Object.assign(new Error("no IPv6"), { code: "EADDRNOTAVAIL" })));
      return this;
    });
    try {
      await using service = await startOnLocalhost();
      assert.equal((await fetch(`http://127.0.0.1:${portOf(service)}/health/live`)).status, 200);
    } finally {
      mocked.mock.restore();
    }
  });
});

suite("The default issuer of dev", () => {
  for (const [host, name] of [
    [undefined, "localhost"],
    ["localhost", "localhost"],
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "[::1]"],
    ["0.0.0.0", "localhost"],
    ["192.0.2.1", "localhost"],
  ] as const) {
    test(`has the host ${name} when it listens on ${host ?? "the default"}`, async () => {
      const port = await freePort();
      const flags = { port: String(port), ...(host && { host }) };
      const { issuer } = loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined });
      assert.equal(issuer, `http://${name}:${port}`);
    });
  }
});
