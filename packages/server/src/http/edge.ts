import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { RandomSource } from "@carnet/core/ports";
import type { Refusal } from "@carnet/core/refusal";
import type { TokenAnswer } from "@carnet/core/token/render";
import { containsGeneratedSecret } from "@carnet/protocol/client-secret";
import { deprecationHeaders } from "@carnet/protocol/deprecation";
import { paths, type TokenPath, versionOfPath } from "@carnet/protocol/endpoints";
import { resolveVersion } from "@carnet/protocol/versions";
import { JournalUnavailable } from "../journal/journal.ts";
import { callerAddress, type ProxyTrust } from "./caller-address.ts";
import { createClientHandler } from "./client-handler.ts";
import {
  badHttp,
  badTransferCoding,
  clientBodyTooLarge,
  journalUnavailable,
  refusalOfFault,
  stopping,
} from "./edge-refusals.ts";
import { isAdminPath, renderError, renderUnknownPath } from "./error-answers.ts";
import { headerText, headerValues } from "./header-values.ts";
import type { HttpPorts } from "./http-ports.ts";
import { receiveBody } from "./received-body.ts";
import { type ClientRequestContext, type RequestContext, setContext, type VersionedPath } from "./request-context.ts";
import { clientPathOf, hasNeedlessEscape, isTokenPath, pathOf } from "./request-target.ts";
import type { AsyncListener } from "./watched-requests.ts";

/** The contract's limit for the body of a request in which a client authenticates itself. */
const bodyLimit = 64 * 1024;

export interface EdgePorts extends HttpPorts {
  readonly isTrustedProxy: ProxyTrust;
}

/** A request, its response, and the headers of every answer to it, as a flat list. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: string[];
}

/**
 * The one listener for requests. Applies what holds for every request, and then passes it to the client handler or to
 * the routes. The paths of clients stay on node:http, because Fastify would add to the cost of every token (see the two
 * floors in `bench/README.md`).
 */
export function createEdge(ports: EdgePorts, handleRoutes: RequestListener): AsyncListener {
  const { token, isDraining, isJournalUnavailable, log } = ports;
  const answerClient = createClientHandler(ports);
  const deprecation = Object.entries(deprecationHeaders(token.policy.issuer, token.policy.sunsetAt)).flat();

  const refusalWhileDraining = (): Refusal | undefined => (isDraining() ? stopping : undefined);
  /** The admin API accepts no change that could not be recorded. */
  const adminRefusal = ({ method }: IncomingMessage): Refusal | undefined =>
    refusalWhileDraining() ?? (method !== "GET" && isJournalUnavailable() ? journalUnavailable : undefined);

  return async (request, response) => {
    const exchange: Exchange = { request, response, headers: ["X-Request-ID", "unknown"] };
    try {
      await handle(exchange);
    } catch (fault) {
      try {
        fail(exchange, fault);
      } catch {} // only logging can fail here, and a request must not end the process
    }
  };

  /** Not async, because each promise around another costs every token. */
  function handle(exchange: Exchange): Promise<void> | undefined {
    const { request, headers } = exchange;
    const requestId = requestIdOf(request, token.random);
    headers[1] = requestId;
    // Read now: a socket has no address once its caller has hung up
    const context: RequestContext = { requestId, address: callerAddress(request, ports.isTrustedProxy) };
    const path = clientPathOf(request.url ?? "");
    if (path === undefined) return handleRoute(exchange, context);
    const versioned = isTokenPath(path) ? resolve(path, exchange) : { path, version: undefined };
    if (request.method !== "POST") return handleRoute(exchange, context); // answered with 405
    return handleClient(exchange, { ...context, ...versioned });
  }

  /** Only the token operation has versions and a deprecated path. */
  function resolve(path: TokenPath, { request, headers }: Exchange): VersionedPath {
    const version = resolveVersion(headerText(request.rawHeaders, "x-version"), versionOfPath[path]);
    headers.push("X-Version", version.ok ? version.value : versionOfPath[path]);
    if (path === paths.deprecatedToken) headers.push(...deprecation);
    return { path, version };
  }

  async function handleClient(exchange: Exchange, context: ClientRequestContext): Promise<void> {
    const { request } = exchange;
    const received = await receiveBody(request, bodyLimit);
    // Not recorded, and not counted as lost, because nothing was done
    if (isJournalUnavailable()) return send(exchange, renderError(journalUnavailable, context), isDraining());
    const body = received.ok ? received.value : Buffer.alloc(0);
    const refusal =
      malformation(request) ?? (received.ok ? undefined : missingBody[received.error]) ?? refusalWhileDraining();
    const answer = await answerClient({ request, context, body, refusal });
    send(exchange, answer, refusal !== undefined || isDraining());
  }

  function handleRoute(exchange: Exchange, context: RequestContext): undefined {
    const { request, response, headers } = exchange;
    const target = { path: pathOf(request.url ?? ""), requestId: context.requestId };
    const refusal = malformation(request) ?? (isAdminPath(target.path) ? adminRefusal(request) : undefined);
    const isUnknown = hasNeedlessEscape(target.path) && clientPathOf(target.path) === undefined;
    if (refusal !== undefined || isUnknown) {
      send(exchange, refusal ? renderError(refusal, target) : renderUnknownPath(target), refusal !== undefined);
      return undefined;
    }
    for (let at = 0; at + 1 < headers.length; at += 2) response.setHeader(headers[at] ?? "", headers[at + 1] ?? "");
    if (isDraining()) response.setHeader("Connection", "close");
    setContext(request, context);
    handleRoutes(request, response);
    return undefined;
  }

  function fail(exchange: Exchange, fault: unknown): void {
    const { request, response, headers } = exchange;
    const target = { path: pathOf(request.url ?? ""), requestId: headers[1] ?? "" };
    if (response.headersSent) response.destroy();
    else send(exchange, renderError(refusalOfFault(fault), target), !request.complete);
    if (fault instanceof JournalUnavailable) return; // the journal has logged it, once for all requests
    log.fault("request_failed", fault, { requestId: target.requestId, route: clientPathOf(target.path) ?? null });
  }
}

const missingBody = { "too large": clientBodyTooLarge, "cut off": badHttp } as const;

/** The caller's own request id, if it is 1 to 128 visible ASCII characters without a secret, or else a new one. */
function requestIdOf({ headers }: IncomingMessage, random: RandomSource): string {
  const own = headers["x-request-id"];
  const isUsable = typeof own === "string" && /^[\x21-\x7e]{1,128}$/.test(own) && !containsGeneratedSecret(own);
  return isUsable ? own : random.uuid();
}

/** Refuses messages that a proxy in front may read differently. */
function malformation({ rawHeaders, headers, httpVersion }: IncomingMessage): Refusal | undefined {
  // RFC 9112 §3.2: HTTP/1.1 without a Host is answered 400, and so is any request with two
  const hosts = headerValues(rawHeaders, "host").length;
  if (hosts > 1 || (hosts === 0 && httpVersion === "1.1")) return badHttp;
  // RFC 9112 §6.1: HTTP/1.0 has no transfer codings, and one that is not understood is refused
  const coding = headers["transfer-encoding"];
  if (coding === undefined || (coding.toLowerCase() === "chunked" && httpVersion === "1.1")) return undefined;
  return badTransferCoding;
}

/** Sends an answer; the last one on its connection closes it. */
function send({ response, headers }: Exchange, answer: TokenAnswer, isLast: boolean): void {
  const body = answer.body.reveal();
  const length = Buffer.byteLength(body);
  const all = [...headers, "Content-Length", String(length)];
  for (const [name, value] of Object.entries(answer.headers)) all.push(name, value);
  if (isLast) all.push("Connection", "close");
  response.writeHead(answer.status, all);
  response.end(body, length === body.length ? "latin1" : "utf8"); // ASCII alone has as many bytes as characters
}
