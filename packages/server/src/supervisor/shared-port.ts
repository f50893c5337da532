import { lookup } from "node:dns/promises";
import { once } from "node:events";
import net, { type BoundSocket } from "node:net"; // a named import would not load where BoundSocket is missing
import { OperatorFault } from "../fault.ts";
import { addressesOf, hasNoIpv6, listenFault } from "../http/listen.ts";

/** The sockets of one worker: one for each address of the host. */
export type WorkerSockets = readonly BoundSocket[];

/**
 * A port that several workers share, each with sockets of its own, among which the kernel spreads new connections. The
 * supervisor holds them too, so that no waiting connection is reset while a worker is replaced by one with the same
 * sockets.
 */
export class SharedPort {
  readonly #addresses: readonly string[];
  readonly #port: number;

  private constructor(addresses: readonly string[], port: number) {
    this.#addresses = addresses;
    this.#port = port;
  }

  /** Throws an OperatorFault if this system cannot share ports, or if the port is taken. */
  static async open({ host, port }: { readonly host: string; readonly port: number }): Promise<SharedPort> {
    if (process.platform !== "linux" || net.BoundSocket === undefined) {
      throw new OperatorFault(
        `Workers need Linux and Node 26.4 or newer, and this is Node ${process.versions.node} on ${process.platform}: update Node, or start without --workers and CARNET_WORKERS.`,
      );
    }
    const usable: string[] = [];
    for (const name of addressesOf(host)) {
      try {
        const { address } = await lookup(name);
        await claim(address, port);
        // Without reusePort, because a second service of this user could otherwise share the port unnoticed
        using _socket = new net.BoundSocket({ host: address, port });
        usable.push(address);
      } catch (error) {
        if (usable.length > 0 && hasNoIpv6(error)) continue;
        throw listenFault(error, name, port) ?? error;
      }
    }
    return new SharedPort(usable, port);
  }

  /** New sockets for a worker. They get connections once it listens on them. Throws an OperatorFault if the port is taken. */
  bind(): WorkerSockets {
    return this.#addresses.map((host) => {
      try {
        return new net.BoundSocket({ host, port: this.#port, reusePort: true });
      } catch (error) {
        throw listenFault(error, host, this.#port) ?? error;
      }
    });
  }
}

/**
 * Lets no other supervisor share the port as long as this process lives: two that start together would both find it free.
 * The name is an abstract socket, which like the port belongs to the network namespace.
 */
async function claim(address: string, port: number): Promise<void> {
  const server = net.createServer((socket) => socket.destroy()).unref();
  try {
    await once(server.listen(`\0carnet ${address} ${port}`), "listening");
  } catch (error) {
    throw listenFault(error, address, port) ?? error;
  }
}
