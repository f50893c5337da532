import type { RequestListener, Server } from "node:http";
import { tokenPathOf } from "./request-target.ts";
import type { TokenHandler } from "./token-handler.ts";

// Not imported, because that loads everything that node:http names, WebSocket and with it a whole HTTP client too
const { createServer } = process.getBuiltinModule("node:http");

/** How long a request may take to arrive, and a connection stay without one, in milliseconds. */
const limits = { requestTimeout: 30_000, keepAliveTimeout: 72_000 } as const;

/** Listens for HTTP/1.1: what asks for a token goes to its own handler, everything else to the routes. */
export function createHttpServer(handleToken: TokenHandler, handleRoutes: RequestListener): Server {
  // What lacks a Host is refused later, in the shape that callers read
  const server = createServer({ ...limits, requireHostHeader: false }, (request, response) => {
    const path = request.method === "POST" ? tokenPathOf(request.url ?? "") : undefined;
    if (path === undefined) handleRoutes(request, response);
    else handleToken(request, response, path);
  });
  // RFC 9110 §10.1.1: an expectation that is not known may be ignored, and Node would answer it without a body
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  return server;
}
