import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A proxy on a free loopback port that forwards bytes, for tests of a network that fails. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** The loopback port that new connections are forwarded to. */
  target: number;
  /** While it is set, no byte is forwarded and no connection is closed, as on a network that drops packets. */
  isDropping: boolean;
  /** How many connections are open. */
  readonly connections: number;
  /** Resets all connections. */
  reset(): void;
}

export async function startProxy(target: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const proxy = { target, isDropping: false };
  const server = createServer((inner) => {
    const outer = connect(proxy.target, "127.0.0.1");
    for (const [socket, peer] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(socket);
      socket.on("error", () => {}); // what the other end does with its connection is the point of these tests
      socket.on("data", (bytes) => {
        if (!proxy.isDropping) peer.write(bytes);
      });
      socket.on("close", () => {
        open.delete(socket);
        if (!proxy.isDropping) peer.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return Object.defineProperty(
    Object.assign(proxy, {
      port,
      connections: 0,
      reset() {
        for (const socket of open) socket.resetAndDestroy();
      },
      async [Symbol.asyncDispose]() {
        for (const socket of open) socket.destroy();
        server.close();
      },
    }),
    "connections",
    { get: () => open.size / 2 },
  );
}
