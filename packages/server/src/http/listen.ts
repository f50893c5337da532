import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { OperatorFault } from "../fault.ts";

/**
 * Listens; for the host `localhost`, on 127.0.0.1 and ::1. `close` waits up to `drainTimeout` milliseconds for running
 * requests. Throws an OperatorFault when an address cannot be used.
 */
export async function listen(
  http: HttpServer,
  { host, port, drainTimeout }: { host: string; port: number; drainTimeout: number },
): Promise<{ url: string; close(): Promise<"finished" | "cut off"> }> {
  const isLocal = host === "localhost";
  const first = isLocal ? "127.0.0.1" : host;
  await orFault(http, { host: first, port }, () => once(http.listen(port, first), "listening"));
  const second = isLocal && (await orFault(http, { host: "::1", port }, () => listenOnIpv6(http, port)));
  const address = http.address() as AddressInfo;
  const shown = isLocal ? host : address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    async close() {
      let outcome: "finished" | "cut off" = "finished";
      const timer = setTimeout(() => {
        outcome = "cut off";
        http.closeAllConnections();
      }, drainTimeout);
      const closing = [http, ...(second ? [second] : [])].map((server) => once(server.close(), "close"));
      http.closeIdleConnections();
      await Promise.all(closing);
      clearTimeout(timer);
      return outcome;
    },
  };
}

/** Hands connections to ::1 to the HTTP server, so that its limits and its drain cover both. Undefined without IPv6. */
async function listenOnIpv6(http: HttpServer, port: number): Promise<Server | undefined> {
  // The options that node:http gives to its own sockets
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => http.emit("connection", socket));
  try {
    await once(server.listen(port, "::1"), "listening");
    return server;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(code)) return undefined;
    throw error;
  }
}

/** Closes the server again if it cannot listen. */
async function orFault<Value>(
  http: HttpServer,
  { host, port }: { host: string; port: number },
  act: () => Promise<Value>,
): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    http.close();
    throw listenFault(error, host, port) ?? error;
  }
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
