import type { Socket } from "node:net";
import type { RandomSource } from "@carnet/core/ports";
import type { Refusal } from "@carnet/core/refusal";
import { tokenResponseHeaders } from "@carnet/protocol/token-response-headers";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasCode } from "../fault.ts";
import { JournalUnavailable } from "../journal/journal.ts";
import type { Log } from "../log/logger.ts";
import type { ServiceCounts } from "../metrics/service-counts.ts";
import { awaitsAnswer } from "./connection-limits.ts";
import { badHttp, refusalOfFault, refusalWith } from "./edge-refusals.ts";
import { renderError, renderUnknownMethod, renderUnknownPath } from "./error-answers.ts";
import { httpRefusals } from "./http-refusals.ts";
import { pathOf } from "./request-target.ts";
import { send } from "./send.ts";

/** Answers errors from the routes, and requests that Fastify refuses before a route sees them. */
export function createErrorHandler(log: Log) {
  return async (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const refusal = refusalOf(error);
    const isLogged = error instanceof JournalUnavailable; // by the journal, once for all requests
    if (!isLogged && (refusal.kind === "fault" || refusal.kind === "unavailable")) {
      log.fault("request_failed", error, { requestId: request.id, route: request.routeOptions.url ?? null });
    }
    return send(reply, renderError(refusal, targetOf(request)));
  };
}

/** The refusal for an error of a route or of Fastify. */
export function refusalOf(error: unknown): Refusal {
  if (hasCode(error, "FST_ERR_CTP_BODY_TOO_LARGE"))
    return refusalWith("bodyTooLarge", "body_too_large", "the body is too large");
  if (hasCode(error, "FST_ERR_CTP_INVALID_MEDIA_TYPE"))
    return refusalWith("malformedRequest", "bad_content_type", "the Content-Type cannot be read");
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) return badHttp;
  return refusalOfFault(error);
}

/** Answers 404 for an unknown path and 405 for an unknown method, before any of the body is read. */
export function answerUnknownRoute(methodsOf: (path: string) => ReadonlySet<string>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (!request.is404) return undefined;
    const target = targetOf(request);
    const methods = methodsOf(target.path);
    return send(reply, methods.size === 0 ? renderUnknownPath(target) : renderUnknownMethod(target, methods));
  };
}

const targetOf = (request: FastifyRequest) => ({ path: pathOf(request.url), requestId: request.id });

/** Answers bytes that are not an HTTP message, which the edge never sees. */
export function answerBrokenMessage(
  { random }: { readonly random: RandomSource },
  counts: Pick<ServiceCounts, "requests">,
) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    // A caller that never closes its side would keep the connection, and the body received so far, forever
    setTimeout(() => socket.destroy(), graceToRead).unref();
    if (awaitsAnswer(socket)) return; // the caller would take this answer for that one
    const { status, error: code } = httpRefusals[kindOfBrokenMessage(error.code)];
    counts.requests.add("unknown", "4xx");
    const text = reasonPhrases[status];
    const body = JSON.stringify({
      error: code,
      error_description: `the HTTP message was refused: ${text}`,
    });
    socket.end(
      [
        `HTTP/1.1 ${status} ${text}`,
        ...Object.entries(tokenResponseHeaders).map(([name, value]) => `${name}: ${value}`),
        `X-Request-ID: ${random.uuid()}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        "Connection: close",
        "",
        body,
      ].join("\r\n"),
    );
  };
}

/** How long a caller has, after a broken message, to read the answers on its connection, in milliseconds. */
const graceToRead = 1000;

function kindOfBrokenMessage(code: string | undefined): "brokenMessage" | "tooSlow" | "headersTooLarge" {
  if (code === "HPE_HEADER_OVERFLOW") return "headersTooLarge";
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? "tooSlow" : "brokenMessage";
}

// Not `STATUS_CODES`: importing it loads everything that node:http exports, WebSocket included
const reasonPhrases = { 400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large" } as const;
