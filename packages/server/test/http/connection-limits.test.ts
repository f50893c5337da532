import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect, Socket } from "node:net";
import { after, before, mock, suite, test } from "node:test";
import { limitConnections, networkOf } from "@carnet/server/http/connection-limits";
import { createLog } from "@carnet/server/log/logger";
import { sendBytes, sendRaw } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { testCounts } from "@carnet/testkit/test-counts";

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

suite("A connection", () => {
  let service: TestService;
  let scriptSize = 0;
  before(async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    service = await startTestService();
    scriptSize = (await sendRaw(service.url, { method: "GET", path: "/docs/reader.js" })).body.length;
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    mock.timers.reset();
  });

  /** Pipelines requests for more bytes than the kernel buffers, and reads none. */
  async function stuck(): Promise<Socket> {
    const { port, hostname } = new URL(service.url);
    const socket = connect({ port: Number(port), host: hostname }).pause();
    socket.write(get("/docs/reader.js").repeat(16));
    for (let turn = 0; turn < 3; turn++) await sendRaw(service.url, { method: "GET", path: "/health/live" });
    return socket;
  }

  /** Reads the rest, and returns whether the connection was reset. */
  const isReset = (socket: Socket): Promise<boolean> =>
    new Promise((resolve) => {
      socket.once("error", () => resolve(true)).once("end", () => resolve(true));
      let received = 0;
      socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (received > 16 * scriptSize) resolve(false);
      });
      socket.resume();
    });

  test("whose caller reads nothing for 60 seconds is closed", async () => {
    const socket = await stuck();
    mock.timers.tick(65_000); // the first check sees that bytes were sent
    assert.equal(await isReset(socket), true);
    socket.destroy();
  });

  test("whose caller reads only a byte every few seconds is closed", async () => {
    const socket = await stuck();
    for (let second = 0; second < 65; second += 5) {
      mock.timers.tick(5000);
      socket.read(1);
    }
    assert.equal(await isReset(socket), true);
    socket.destroy();
  });

  test("whose caller resumes reading in time gets every response", async () => {
    const socket = await stuck();
    mock.timers.tick(60_000);
    assert.equal(await isReset(socket), false);
    mock.timers.tick(65_000);
    socket.destroy();
  });

  test("whose caller reads slowly but steadily gets every response", async () => {
    const socket = await stuck();
    let [received, ticks] = [0, 0];
    for await (const chunk of socket) {
      received += chunk.length;
      for (; ticks < Math.floor((4 * received) / scriptSize); ticks++) mock.timers.tick(5000);
      if (received > 16 * scriptSize) break;
    }
    assert.ok(received > 16 * scriptSize, `${received} bytes`);
  });

  for (const [fate, bytes, closedAt] of [
    ["is closed", 5000, 12],
    ["stays open", 6000, undefined],
  ] as const) {
    test(`whose caller reads ${bytes} bytes every 5 seconds ${fate}`, (context) => {
      const server = createServer();
      context.after(() => server.emit("close"));
      const log = createLog("silent", { write: () => {} });
      limitConnections(server, { log, counts: testCounts(), isDraining: () => false, isTrustedProxy: () => false });
      server.emit("listening");
      const socket = new Socket();
      let [check, waiting] = [0, 10_000_000];
      Object.defineProperties(socket, { writableLength: { get: () => waiting }, bytesWritten: { value: waiting } });
      server.emit("connection", socket);
      for (; check < 100 && !socket.destroyed; check++) {
        waiting -= bytes;
        mock.timers.tick(5000);
      }
      assert.equal(socket.destroyed ? check : undefined, closedAt);
    });
  }

  test("that comes through another socket counts towards the limit of the whole server", (context) => {
    const server = createServer();
    context.after(() => server.emit("close"));
    const log = createLog("silent", { write: () => {} });
    limitConnections(server, { log, counts: testCounts(), isDraining: () => false, isTrustedProxy: () => true });
    server.maxConnections = 2;
    const sockets = [new Socket(), new Socket(), new Socket()];
    for (const socket of sockets) server.emit("connection", socket);
    assert.deepEqual(
      sockets.map(({ destroyed }) => destroyed),
      [false, false, true],
    );
  });

  test("counts towards a limit that the processes of a node share", (context) => {
    const log = createLog("silent", { write: () => {} });
    const ports = { log, counts: testCounts(), isDraining: () => false, isTrustedProxy: () => false };
    const server = createServer();
    context.after(() => server.emit("close"));
    limitConnections(server, { ...ports, processes: 16 });
    assert.equal(server.maxConnections, 625);
    const sockets = Array.from({ length: 33 }, () => new Socket());
    for (const socket of sockets) {
      Object.defineProperty(socket, "remoteAddress", { value: "192.0.2.1" });
      server.emit("connection", socket);
    }
    // A sixteenth of 512 for one address; the oldest idle one made room
    assert.equal(sockets.filter(({ destroyed }) => destroyed).length, 1);
    assert.equal(sockets[0]?.destroyed, true);
  });

  test("that pipelines 64 requests gets every response in order", async () => {
    const requests = Array.from({ length: 64 }, (_, index) =>
      get("/health/live", `X-Request-ID: r${index}\r\n${index === 63 ? "Connection: close\r\n" : ""}`),
    );
    const answers = await sendBytes(service.url, requests.join(""));
    assert.deepEqual(
      [...answers.matchAll(/x-request-id: (r\d+)/gi)].map(([, id]) => id),
      requests.map((_, index) => `r${index}`),
    );
  });

  test("that pipelines too many requests is closed and logged", async () => {
    const asked = sendBytes(service.url, get("/health/ready").repeat(1000)).catch(() => "");
    assert.equal((await asked).match(/^HTTP/gm), null);
    mock.timers.tick(5000);
    const lines = service.log.map((line) => JSON.parse(line)).filter(({ event }) => event === "connections_closed");
    assert.equal(lines.at(-1)?.pipelined, 1);
  });
});

test("the network of a caller is its IPv4 address, or the /64 of its IPv6 address", () => {
  assert.equal(networkOf("192.0.2.7"), networkOf("::ffff:192.0.2.7"));
  assert.notEqual(networkOf("192.0.2.7"), networkOf("192.0.2.8"));
  assert.notEqual(networkOf("::ffff:192.0.2.7"), networkOf("::ffff:192.0.2.8"));
  assert.equal(networkOf("2001:db8:0:1::7"), networkOf("2001:db8:0:1:ffff:ffff:ffff:ffff"));
  assert.notEqual(networkOf("2001:db8:0:1::7"), networkOf("2001:db8:0:2::7"));
});
