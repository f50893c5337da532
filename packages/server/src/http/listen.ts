import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { OperatorFault } from "../fault.ts";

/**
 * Listens. `close` waits up to `drainTimeout` milliseconds for running requests. Throws an OperatorFault when the address
 * cannot be used.
 */
export async function listen(
  app: FastifyInstance,
  { host, port, drainTimeout }: { host: string; port: number; drainTimeout: number },
): Promise<{ url: string; close(): Promise<"finished" | "cut off"> }> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenFault(error, host, port) ?? error;
  }
  const address = app.server.address() as AddressInfo;
  return {
    url: `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    async close() {
      let outcome: "finished" | "cut off" = "finished";
      const timer = setTimeout(() => {
        outcome = "cut off";
        app.server.closeAllConnections();
      }, drainTimeout);
      await app.close();
      clearTimeout(timer);
      return outcome;
    },
  };
}

/** Explains why an address cannot be used. Undefined when the error has another cause. */
function listenFault(error: unknown, host: string, port: number): OperatorFault | undefined {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === "EADDRINUSE") {
    return new OperatorFault(
      `The port ${port} of ${host} is taken by another process: end that process, or set CARNET_PORT or --port to another port.`,
    );
  }
  if (code === "EACCES") {
    return new OperatorFault(`This user may not listen on port ${port}: set CARNET_PORT or --port to one above 1023.`);
  }
  if (syscall !== "listen" && syscall !== "getaddrinfo") return undefined;
  return new OperatorFault(
    `${host} is not an address of this machine (${code}): set CARNET_HOST or --host to one that is, or to 0.0.0.0 for all.`,
  );
}
