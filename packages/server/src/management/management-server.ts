import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { paths } from "@carnet/protocol/endpoints";
import { OperatorFault } from "../fault.ts";
import { live, type Probe, probeHeaders } from "../http/health-routes.ts";
import type { Log } from "../log/logger.ts";
import { SingleFlight } from "../single-flight.ts";

/**
 * The management listener: metrics and probes on an address of their own, so that callers cannot reach them. It has no
 * credentials, and reads nothing of a request but its method and path.
 */

// Not imported: see http/http-server.ts
const { createServer } = process.getBuiltinModule("node:http");

const metricsPath = "/metrics";

/** A scraper and a few probes need no more. */
const maxConnections = 50;

/** How long a request may take to arrive, an idle connection stays open, and an answer may go unread, in milliseconds. */
const timeouts = { requestTimeout: 10_000, keepAliveTimeout: 75_000, connectionsCheckingInterval: 5000 } as const;
const unreadTimeout = 90_000;

export interface ManagementPorts {
  readonly log: Log;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
  readiness(): Promise<Probe>;
}

export interface ManagementServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Listens. Throws an OperatorFault when the address cannot be used. */
export async function listenForManagement(
  { host, port }: { readonly host: string; readonly port: number },
  ports: ManagementPorts,
): Promise<ManagementServer> {
  const [metrics, readiness] = [new SingleFlight(() => ports.metrics()), new SingleFlight(() => ports.readiness())];
  const shared = { metrics: () => metrics.run(), readiness: () => readiness.run() };
  const server = createServer(timeouts, (request, response) => {
    answerTo(request, { ...ports, ...shared }).then(
      (answer) => send(response, answer),
      (error: unknown) => {
        ports.log.fault("management_request_failed", error);
        send(response, text(500, "The answer could not be made. The log says why."));
      },
    );
  });
  server.maxConnections = maxConnections;
  server.on("drop", () => server.closeIdleConnections()); // so that idle ones do not keep a scraper out
  server.setTimeout(unreadTimeout);
  try {
    await once(server.listen({ host, port }), "listening");
  } catch (error) {
    throw listenFault(error, host, port);
  }
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`,
    async close() {
      const closed = once(server.close(), "close");
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerTo({ method = "", url = "" }: IncomingMessage, ports: ManagementPorts): Promise<Answer> {
  const answer = answers.get(url.replace(/[?#].*$/s, ""));
  if (answer === undefined) {
    return text(404, `This listener serves ${[...answers.keys()].join(", ")}.`);
  }
  if (method !== "GET" && method !== "HEAD") {
    const { headers, ...rest } = text(405, "This path supports GET and HEAD.");
    return { ...rest, headers: { ...headers, Allow: "GET, HEAD" } }; // RFC 9110 §15.5.6
  }
  return answer(ports);
}

type MakeAnswer = (ports: ManagementPorts) => Promise<Answer>;

const answerMetrics: MakeAnswer = async ({ metrics }) => ({
  status: 200,
  headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store" },
  body: await metrics(),
});

const answers: ReadonlyMap<string, MakeAnswer> = new Map([
  [metricsPath, answerMetrics],
  [paths.live, async () => ({ ...live, headers: probeHeaders })],
  [paths.ready, async ({ readiness }) => ({ ...(await readiness()), headers: probeHeaders })],
]);

const text = (status: number, sentence: string): Answer => ({
  status,
  headers: { "Content-Type": "text/plain; charset=utf-8" },
  body: `${sentence}\n`,
});

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

function listenFault(error: unknown, host: string, port: number): unknown {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === "EADDRINUSE") {
    return new OperatorFault(
      `The management port ${port} of ${host} is taken by another process, or is CARNET_PORT: set CARNET_MANAGEMENT_PORT or --management-port to another port.`,
    );
  }
  if (code === "EACCES") {
    return new OperatorFault(
      `This user may not listen on the management port ${port}: set CARNET_MANAGEMENT_PORT or --management-port to one above 1023.`,
    );
  }
  if (syscall !== "listen" && syscall !== "getaddrinfo") return error;
  return new OperatorFault(
    `${host} is not an address of this machine (${code}): set CARNET_MANAGEMENT_HOST or --management-host to one that is.`,
  );
}
