import assert from "node:assert/strict";
import { once } from "node:events";
import net, { createServer } from "node:net";
import { mock, suite, test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { SharedPort } from "@carnet/server/supervisor/shared-port";
import { freePort } from "@carnet/testkit/free-port";

suite("a port that workers share", () => {
  test("has a socket for each loopback address of localhost, and one for any other host", async () => {
    for (const [host, addresses] of [
      ["localhost", ["127.0.0.1", "::1"]],
      ["127.0.0.1", ["127.0.0.1"]],
    ] as const) {
      const port = await SharedPort.open({ host, port: await freePort() });
      const workers = [port.bind(), port.bind()];
      for (const sockets of workers)
        assert.deepEqual(
          sockets.map((socket) => socket.address().address),
          addresses,
        );
      for (const socket of workers.flat()) socket.close();
    }
  });

  test("is refused while another process listens on it", async () => {
    await using other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    assert.ok(typeof address === "object" && address !== null);
    await assert.rejects(SharedPort.open({ host: "127.0.0.1", port: address.port }), (error: unknown) => {
      assert.ok(error instanceof OperatorFault);
      assert.match(error.message, /is taken by another process/);
      return true;
    });
  });

  test("is refused while another supervisor has it, whose workers do not listen yet", async () => {
    const address = { host: "127.0.0.1", port: await freePort() };
    await SharedPort.open(address);
    await assert.rejects(SharedPort.open(address), /is taken by another process/);
  });

  test("needs a Node that can bind a socket without listening, and the message says so", async () => {
    const { BoundSocket } = net;
    try {
      mock.property(net, "BoundSocket", undefined);
      await assert.rejects(
        SharedPort.open({ host: "127.0.0.1", port: 1 }),
        /Workers need Linux and Node 26\.4 or newer/,
      );
    } finally {
      mock.property(net, "BoundSocket", BoundSocket);
    }
  });
});
