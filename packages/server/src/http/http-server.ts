import { constants } from "node:crypto";
import type { RequestListener, Server } from "node:http";
import { type ConnectionPorts, limitConnections } from "./connection-limits.ts";
import type { TlsCertificate } from "./tls-certificate.ts";

// Not imported, because that loads everything that node:http exports, WebSocket and a whole HTTP client included
const { createServer } = process.getBuiltinModule("node:http");

/** How long a request may take to arrive, and a connection may stay idle, in milliseconds. */
const timeouts = { requestTimeout: 30_000, keepAliveTimeout: 72_000, connectionsCheckingInterval: 5000 } as const;

// The edge refuses a missing Host, in the format that callers expect
const httpOptions = { ...timeouts, requireHostHeader: false } as const;

const certificateCheckInterval = 5000;

const tlsOptions = {
  minVersion: "TLSv1.2", // RFC 9325 §3.1.1
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION, // each would cost the service far more than the caller
  handshakeTimeout: 10_000,
} as const;

/** A server for HTTP/1.1, over TLS if there is a certificate, whose connections are bounded. */
export function createHttpServer(
  handle: RequestListener,
  { certificate, ...ports }: ConnectionPorts & { readonly certificate?: TlsCertificate | undefined },
): Server {
  const server = certificate === undefined ? createServer(httpOptions) : createHttpsServer(certificate);
  const admits = limitConnections(server, ports);
  server.on("request", (request, response) => {
    if (admits(request, response)) handle(request, response);
  });
  // RFC 9110 §10.1.1: an unknown expectation may be ignored. Node would answer it without a body
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  // Node would close the connection without an answer, and takes its own listener for errors away
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy());
    server.emit("clientError", new Error("CONNECT is not supported"), socket);
  });
  return server;
}

function createHttpsServer(certificate: TlsCertificate): Server {
  const https = process.getBuiltinModule("node:https");
  const server = https.createServer({ ...httpOptions, ...tlsOptions, ...certificate.pair });
  certificate.onChange((pair) => server.setSecureContext({ ...tlsOptions, ...pair }));
  server.once("listening", () => {
    const timer = setInterval(() => certificate.reloadIfChanged(), certificateCheckInterval).unref();
    server.once("close", () => clearInterval(timer));
  });
  // Node would pass a failed handshake on as a broken HTTP message, which is answered in plain text
  server.removeAllListeners("tlsClientError").on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}
