import type { RequestListener, Server } from "node:http";

// Not imported, because that loads everything that node:http exports, WebSocket and a whole HTTP client included
const { createServer } = process.getBuiltinModule("node:http");

/** How long a request may take to arrive, and a connection may stay idle, in milliseconds. */
const timeouts = { requestTimeout: 30_000, keepAliveTimeout: 72_000 } as const;

/** A server for HTTP/1.1. */
export function createHttpServer(handle: RequestListener): Server {
  // The edge refuses a missing Host, in the shape that callers read
  const server = createServer({ ...timeouts, requireHostHeader: false }, handle);
  // RFC 9110 §10.1.1: an unknown expectation may be ignored. Node would answer it without a body
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  return server;
}
