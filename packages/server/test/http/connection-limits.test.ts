import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, mock, suite, test } from "node:test";
import { sendBytes, sendRaw } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";

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

  test("whose caller reads nothing for 30 seconds is closed", async () => {
    const socket = await stuck();
    mock.timers.tick(30_000);
    assert.equal(await isReset(socket), true);
    socket.destroy();
  });

  test("whose caller reads only a byte every few seconds is closed", async () => {
    const socket = await stuck();
    for (let second = 0; second < 30; second += 5) {
      mock.timers.tick(5000);
      socket.read(1);
    }
    assert.equal(await isReset(socket), true);
    socket.destroy();
  });

  test("whose caller resumes reading in time gets every response", async () => {
    const socket = await stuck();
    mock.timers.tick(25_000);
    assert.equal(await isReset(socket), false);
    mock.timers.tick(30_000);
    socket.destroy();
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
