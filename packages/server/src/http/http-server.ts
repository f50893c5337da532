import type { RequestListener, Server } from "node:http";
import { type ConnectionPorts, limitConnections } from "./connection-limits.ts";

// Not imported, because that loads everything that node:http exports, WebSocket and a whole HTTP client included
const { createServer } = process.getBuiltinModule("node:http");

/** How long a request may take to arrive, and a connection may stay idle, in milliseconds. */
const timeouts = { requestTimeout: 30_000, keepAliveTimeout: 72_000, connectionsCheckingInterval: 5000 } as const;

/** A server for HTTP/1.1 whose connections are bounded. */
export function createHttpServer(handle: RequestListener, ports: ConnectionPorts): Server {
  // The edge refuses a missing Host, in the format that callers expect
  const server = createServer({ ...timeouts, requireHostHeader: false });
  const admits = limitConnections(server, ports);
  server.on("request", (request, response) => {
    if (admits(request, response)) handle(request, response);
  });
  // RFC 9110 §10.1.1: an unknown expectation may be ignored. Node would answer it without a body
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  return server;
}
