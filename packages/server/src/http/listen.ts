import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { OperatorFault } from "../fault.ts";

/** Less than the ten seconds after which whoever sent SIGTERM may lose patience. */
const drainTime = 9000;

/** Listens, and stops without cutting off what runs. Throws an OperatorFault where the address cannot be had. */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<{ url: string; close(): Promise<void> }> {
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
      const patience = setTimeout(() => app.server.closeAllConnections(), drainTime);
      await app.close();
      clearTimeout(patience);
    },
  };
}

function listenFault(error: unknown, host: string, port: number): OperatorFault | undefined {
  switch (error instanceof Error && "code" in error ? error.code : undefined) {
    case "EADDRINUSE":
      return new OperatorFault(
        `The port ${port} of ${host} is taken by another process: end that process, or set CARNET_PORT or --port to another port.`,
      );
    case "EACCES":
      return new OperatorFault(
        `This user may not listen on port ${port}: set CARNET_PORT or --port to one above 1023.`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new OperatorFault(
        `${host} is no address of this machine: set CARNET_HOST or --host to one that is, or to 0.0.0.0 for all.`,
      );
    default:
      return undefined;
  }
}
