import { readFileSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { parseAddress } from "@carnet/core/client/cidr";
import type { Log } from "../log/logger.ts";
import type { ServiceCounts } from "../metrics/service-counts.ts";
import type { ProxyTrust } from "./caller-address.ts";

/** Bounds on what strangers can hold. A well-behaved caller never reaches them. */
const limits = {
  connections: 10_000,
  /** Descriptors kept free for the store, the journal and the log. */
  reservedFiles: 128,
  /** Or a quarter of all connections, if that is lower. */
  connectionsPerAddress: 512,
  /** Requests on one connection without an answer yet. Pipelining clients have about a dozen. */
  unanswered: 64,
  /** A connection that sends less than this in so many checks is closed: after 60 seconds. */
  progress: 64 * 1024,
  stuckChecks: 12,
  checkInterval: 5000,
} as const;

export interface ConnectionPorts {
  readonly log: Log;
  isDraining(): boolean;
  /** A proxy carries many callers, so it may have any number of connections. */
  readonly isTrustedProxy: ProxyTrust;
  /** The processes of the node, which share its limits. Default: 1. */
  readonly processes?: number;
  readonly counts: Pick<ServiceCounts, "connectionsOpen" | "connectionsClosed">;
}

/** Bounds the connections of a server. The function that it returns says whether a request may go on. */
export function limitConnections(server: Server, ports: ConnectionPorts) {
  const { log, isDraining, isTrustedProxy, counts, processes = 1 } = ports;
  /** For each connection, the bytes sent when it last made progress, and the checks since then. */
  const connections = new Map<Socket, { sent: number; stuckChecks: number; forget(): void }>();
  /** Connections in a TLS handshake, by the caller's address and port. */
  const handshakes = new Map<string, Socket>();
  const byAddress = new Map<string, Set<Socket>>();
  const closed = { server_full: 0, address_full: 0, pipelined: 0, not_reading: 0 };

  // The limit on open files is one of each process
  const freeFiles = Math.max(1, openFilesLimit() - limits.reservedFiles);
  server.maxConnections = Math.min(Math.ceil(limits.connections / processes), freeFiles);
  const ofAddress = Math.ceil(limits.connectionsPerAddress / processes);
  const perAddress = Math.min(ofAddress, Math.ceil(server.maxConnections / 4));
  const isTls = "setSecureContext" in server;
  server.on("drop", () => closed.server_full++);
  server.on("connection", (socket) => {
    // Node counts only the server's own socket, and `localhost` has a second one
    if (connections.size >= server.maxConnections) {
      closed.server_full++;
      socket.destroy();
      return;
    }
    const peers = byAddress.get(networkOf(socket.remoteAddress ?? "")) ?? new Set();
    if (peers.size >= perAddress && !isTrustedProxy(socket.remoteAddress ?? "")) {
      closed.address_full++;
      const idle = [...peers].find((peer) => !peer.destroyed && unanswered.get(peer)?.size === 0);
      (idle ?? socket).destroy(); // an idle one makes room, so that a flood does not lock out callers behind the same NAT
      if (idle === undefined) return;
    }
    count(socket);
    if (isTls) handshakes.set(endpointOf(socket), socket);
  });
  // Requests arrive, and answers leave, by the socket that decrypts. It takes the place of the one below it
  server.on("secureConnection", (socket: Socket) => {
    const plain = handshakes.get(endpointOf(socket));
    if (plain === undefined) return void socket.destroy(); // closed in the meantime
    connections.get(plain)?.forget();
    count(socket);
  });
  const closeIdleConnections = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    closeIdleConnections();
    for (const socket of handshakes.values()) socket.destroy(); // Node would wait for them when it closes
  };
  server.once("listening", () => {
    const timer = setInterval(check, limits.checkInterval).unref();
    server.once("close", () => clearInterval(timer));
  });

  function count(socket: Socket): void {
    const address = networkOf(socket.remoteAddress ?? "");
    const endpoint = endpointOf(socket);
    const peers = byAddress.get(address) ?? new Set();
    byAddress.set(address, peers.add(socket));
    const forget = (): void => {
      if (!connections.delete(socket)) return;
      counts.connectionsOpen--;
      peers.delete(socket);
      if (peers.size === 0 && byAddress.get(address) === peers) byAddress.delete(address);
      if (handshakes.get(endpoint) === socket) handshakes.delete(endpoint);
    };
    connections.set(socket, { sent: 0, stuckChecks: 0, forget });
    counts.connectionsOpen++;
    unanswered.set(socket, new Set());
    socket.once("close", forget);
  }

  function check(): void {
    for (const [socket, connection] of connections) {
      // A write counts once all of it is out, so a response written in one piece has to go out whole within the time
      const sent = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || sent - connection.sent >= limits.progress)
        Object.assign(connection, { sent, stuckChecks: 0 });
      else if (++connection.stuckChecks === limits.stuckChecks) {
        closed.not_reading++;
        socket.destroy();
      }
    }
    if (connections.size >= server.maxConnections) server.closeIdleConnections();
    if (Object.values(closed).some((count) => count > 0)) log.warn("connections_closed", { ...closed });
    counts.connectionsClosed(closed);
    Object.assign(closed, { server_full: 0, address_full: 0, pipelined: 0, not_reading: 0 });
  }

  return ({ socket }: IncomingMessage, response: ServerResponse): boolean => {
    const responses = unanswered.get(socket);
    if (responses === undefined) return !socket.destroyed;
    if (responses.size >= limits.unanswered) {
      // Requests that were parsed together still arrive after the connection was destroyed
      if (!socket.destroyed) closed.pipelined++;
      socket.destroy();
    }
    if (socket.destroyed) return false;
    responses.add(response);
    response.on("close", () => {
      responses.delete(response);
      // An answer that was in progress when draining began has no Connection: close
      if (responses.size === 0 && isDraining()) socket.end();
    });
    return true;
  };
}

const endpointOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** The responses on each connection that are not finished. */
const unanswered = new WeakMap<Socket, Set<ServerResponse>>();

/** Whether the next bytes that the caller reads belong to an answer that is due or has begun. */
export const awaitsAnswer = (socket: Socket): boolean =>
  [...(unanswered.get(socket) ?? [])].some(({ req, headersSent }) => req.complete || headersSent);

/** An IPv4 address, or the /64 of an IPv6 address: one caller usually has all of it. */
export function networkOf(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === undefined) return address;
  const bytes = parsed.toByteArray();
  return bytes.slice(0, bytes.length === 16 ? 8 : 4).join(".");
}

/** How many files the process may have open. Node has raised the soft limit to the hard one. */
function openFilesLimit(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
  } catch {
    return Infinity; // not Linux
  }
}
