import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a network does to connections. Each mode holds for open connections as well, except `reject`. */
export type NetworkMode =
  | "pass"
  /** New connections are reset. */
  | "reject"
  /** Bytes vanish in both directions, and nobody is told. */
  | "drop"
  /** Bytes arrive late. */
  | "delay"
  /** Half of a chunk arrives, then the connection is reset. */
  | "halve";

export interface ChaosProxy extends AsyncDisposable {
  readonly port: number;
  mode: NetworkMode;
  /** Where new connections lead: another port after a failover. */
  target: number;
  /** How many connections are open now. */
  readonly open: number;
  /** Resets all open connections. */
  reset(): void;
}

/** A TCP proxy on loopback between a service and its database, with a network that fails. */
export async function startChaosProxy(target: number, delay = 200): Promise<ChaosProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (proxy.mode === "reject") return void near.resetAndDestroy();
    const far = connect({ port: proxy.target, host: "127.0.0.1", allowHalfOpen: true });
    connections++;
    near.once("close", () => connections--);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.once("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.once("end", () => proxy.mode !== "drop" && to.end());
      let turn = Promise.resolve();
      from.on("data", (chunk: Buffer) => {
        turn = turn.then(() => pass(chunk, from, to)); // in order, although some chunks are late
      });
    }
  });

  async function pass(chunk: Buffer, from: Socket, to: Socket): Promise<void> {
    if (proxy.mode === "delay") await sleep(delay);
    if (proxy.mode === "drop" || to.destroyed) return;
    if (proxy.mode !== "halve") return void to.write(chunk);
    to.write(chunk.subarray(0, chunk.length / 2), () => {
      to.resetAndDestroy();
      from.resetAndDestroy();
    });
  }

  await once(server.listen(0, "127.0.0.1"), "listening");
  const proxy: ChaosProxy = {
    port: (server.address() as AddressInfo).port,
    mode: "pass",
    target,
    get open() {
      return connections;
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      proxy.reset();
      await once(server.close(), "close");
    },
  };
  return proxy;
}
