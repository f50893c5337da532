import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { createServer, isIPv6, Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Configuration } from "../configuration/load-configuration.ts";
import { hasCode, OperatorFault } from "../fault.ts";

export interface ListenSettings {
  readonly host: string;
  readonly port: number;
  /** In milliseconds. */
  readonly drainTimeout: number;
}

export interface Listening {
  /**
   * Stops accepting, and closes each connection after its next answer. Resolves when all are closed, or after
   * `drainTimeout`. Refuses nothing: another process takes over.
   */
  retire(): Promise<void>;
  /** Stops accepting, and waits up to `drainTimeout` for running requests. */
  close(): Promise<"finished" | "cut off">;
}

/** Where a host listens. The second one is missing on a machine without IPv6. */
export const addressesOf = (host: string): readonly [string, ...string[]] =>
  host === "localhost" ? ["127.0.0.1", "::1"] : [host];

/** The address that callers on this machine can use. */
export const urlOf = ({ host, port, tls }: Pick<Configuration, "host" | "port" | "tls">): string =>
  `${tls === undefined ? "http" : "https"}://${isIPv6(host) ? `[${host}]` : host}:${port}`;

/**
 * Listens on the addresses of the host, or on the descriptors of sockets that are bound to them. Throws an OperatorFault
 * when an address cannot be used.
 */
export async function listen(
  http: HttpServer,
  { host, port, drainTimeout }: ListenSettings,
  sockets?: readonly number[],
): Promise<Listening> {
  const [first, ipv6] = addressesOf(host);
  const on = (address: string, index: number) =>
    sockets === undefined ? { host: address, port } : { fd: sockets[index] ?? -1 };
  await orFault(http, { host: first, port }, () => once(http.listen(on(first, 0)), "listening"));
  const second =
    ipv6 !== undefined &&
    sockets?.length !== 1 &&
    (await orFault(http, { host: ipv6, port }, () => alsoListen(http, on(ipv6, 1))));
  const servers = [http, ...(second ? [second] : [])];
  return {
    async retire() {
      http.prependListener("request", (_request, response) => (response.shouldKeepAlive = false));
      const closed = Promise.all(servers.map((server) => once(server, "close")));
      // That of node:http would close idle connections, on which a request may be on its way
      for (const server of servers) Server.prototype.close.call(server);
      await Promise.race([closed, sleep(drainTimeout, undefined, { ref: false })]);
    },
    async close() {
      let outcome: "finished" | "cut off" = "finished";
      const timer = setTimeout(() => {
        outcome = "cut off";
        http.closeAllConnections();
      }, drainTimeout);
      const closing = servers.map((server) => once(server.close(), "close"));
      http.closeIdleConnections();
      await Promise.all(closing);
      clearTimeout(timer);
      return outcome;
    },
  };
}

/** Hands connections to ::1 to the HTTP server, so that its limits and its drain cover both. Undefined without IPv6. */
async function alsoListen(http: HttpServer, on: Parameters<Server["listen"]>[0]): Promise<Server | undefined> {
  // The options that node:http gives to its own sockets
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => http.emit("connection", socket));
  try {
    await once(server.listen(on), "listening");
    return server;
  } catch (error) {
    if (hasNoIpv6(error)) return undefined;
    throw error;
  }
}

/** Whether binding to ::1 failed because the machine has no IPv6. */
export const hasNoIpv6 = (error: unknown): boolean => hasCode(error, "EADDRNOTAVAIL", "EAFNOSUPPORT");

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
export function listenFault(error: unknown, host: string, port: number): OperatorFault | undefined {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === "EADDRINUSE") {
    return new OperatorFault(
      `The port ${port} of ${host} is taken by another process: end that process, or set CARNET_PORT or --port to another port.`,
    );
  }
  if (code === "EACCES") {
    return new OperatorFault(`This user may not listen on port ${port}: set CARNET_PORT or --port to one above 1023.`);
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return new OperatorFault(
      `No socket can be opened for port ${port}, because too many files are open (${code}): raise the limit, such as with \`ulimit -n\`, or start fewer workers.`,
    );
  }
  if (!["listen", "bind", "getaddrinfo"].includes(syscall ?? "")) return undefined;
  return new OperatorFault(
    `${host} is not an address of this machine (${code}): set CARNET_HOST or --host to one that is, or to 0.0.0.0 for all.`,
  );
}
