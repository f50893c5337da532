import type { Socket } from "node:net";
import type { AdminProblem } from "@carnet/core/admin-problem";
import type { RandomSource } from "@carnet/core/ports";
import type { Refusal } from "@carnet/core/refusal";
import { renderRefusal } from "@carnet/core/token/render";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import type { ErrorResponse } from "@carnet/protocol/token-response";
import { tokenResponseHeaders } from "@carnet/protocol/token-response-headers";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../log/logger.ts";
import { adminBodyLimit } from "./admin/admin-routes.ts";
import { sendProblem } from "./admin/problem-answers.ts";
import { badHttp, refusalOfFault, refusalWith } from "./edge-refusals.ts";
import { pathOf } from "./request-target.ts";

/** Answers whatever the routes throw, and what the HTTP library refuses before a route sees it. */
export function createErrorHandler(log: Log) {
  return async (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const refusal = refusalOf(error);
    if (refusal.kind === "fault" || refusal.kind === "unavailable") {
      log.fault("request_failed", error, { requestId: request.id, route: request.routeOptions.url ?? null });
    }
    if (pathOf(request.url).startsWith(`${adminPath}/`)) return sendProblem(reply, problemOf(refusal), request.id);
    const { status, headers, body } = renderRefusal(refusal);
    return reply.code(status).headers(headers).send(body.reveal());
  };
}

function refusalOf(error: unknown): Refusal {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return refusalWith("bodyTooLarge", "body_too_large", "the body is too large");
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
    return refusalWith("malformedRequest", "bad_content_type", "the Content-Type cannot be read");
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) return badHttp;
  return refusalOfFault(error);
}

/** The same in the shape and the words of the admin API. */
function problemOf({ kind, reason, description }: Refusal): AdminProblem {
  if (reason === "bad_content_type") return { kind: "unsupported_media_type", detail: "send application/json" };
  if (kind === "bodyTooLarge") return { kind: "too_large", detail: `the body is larger than ${adminBodyLimit} MiB` };
  if (kind === "malformedRequest") return { kind: "malformed", detail: description };
  return { kind: kind === "unavailable" ? "unavailable" : "fault", detail: description };
}

/** 404 where nothing is, 405 where something is that has another method: before anything of the body is read. */
export function answerUnknownRoute(methodsOf: (path: string) => ReadonlySet<string>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (!request.is404) return undefined;
    const path = pathOf(request.url);
    const methods = methodsOf(path);
    const administrative = path.startsWith(`${adminPath}/`);
    if (methods.size === 0) {
      if (administrative) return sendProblem(reply, nothingHere, request.id);
      return sendError(reply, 404, {
        error: "not_found",
        error_description: "there is nothing here: GET /docs lists what there is",
      });
    }
    const allowed = [...methods].sort().join(", ");
    reply.header("Allow", allowed); // RFC 9110 §15.5.6
    if (administrative) {
      return sendProblem(reply, { kind: "method_not_allowed", detail: `this path takes ${allowed}` }, request.id);
    }
    return sendError(reply, 405, { error: "method_not_allowed", error_description: `this path takes ${allowed}` });
  };
}

const nothingHere: AdminProblem = {
  kind: "not_found",
  detail: "there is no such path in the admin API: GET /docs lists what there is",
};

function sendError(reply: FastifyReply, status: number, body: ErrorResponse): FastifyReply {
  return reply.code(status).headers(tokenResponseHeaders).send(JSON.stringify(body));
}

/** Answers bytes that are no HTTP message, which no route ever sees. */
export function answerBrokenMessage(random: RandomSource) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const status = brokenMessageStatus(error.code);
    const text = reasonPhrases[status];
    const body = JSON.stringify({
      error: "invalid_request",
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
    // Whoever does not close in turn would keep the connection, and what was received of a body, for as long as they like
    setTimeout(() => socket.destroy(), graceToRead).unref();
  };
}

/** How long a caller whose message was refused has to read why, in milliseconds. */
const graceToRead = 1000;

function brokenMessageStatus(code: string | undefined): keyof typeof reasonPhrases {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

// Written out here, because to import `STATUS_CODES` of node:http loads everything that node:http names, WebSocket too
const reasonPhrases = { 400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large" } as const;
