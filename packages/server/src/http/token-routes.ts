import { isUtf8 } from "node:buffer";
import type { Refusal } from "@carnet/core/refusal";
import type { TokenAnswer } from "@carnet/core/token/render";
import { answerTokenRequest, refuseTokenRequest } from "@carnet/core/token/token-endpoint";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { paths, type TokenPath } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type HttpPorts, headerText } from "./app.ts";

/** The token operation under its two paths. */
export function addTokenRoutes(app: FastifyInstance, { token, isDraining }: HttpPorts): void {
  for (const path of [paths.token, paths.deprecatedToken] as const) {
    app.post(path, async (request, reply) => {
      const message = readMessage(request, path);
      if (!isDraining()) return sendAnswer(reply, await answerTokenRequest(message, token));
      return sendAnswer(reply, await refuseTokenRequest({ message, now: token.clock.now(), refusal: draining }, token));
    });
  }
}

/** Takes from a request what the token endpoint reads, and nothing else. */
export function readMessage(request: FastifyRequest, path: TokenPath): TokenRequestMessage {
  const query = request.url.indexOf("?");
  return {
    requestId: request.id,
    path,
    query: new Redacted(query < 0 ? "" : request.url.slice(query + 1)),
    contentType: request.headers["content-type"],
    authorization: authorizationHeaders(request.raw.rawHeaders),
    version: headerText(request.headers["x-version"]),
    body: readBody(request.body),
    address: request.ip,
  };
}

export function sendAnswer(reply: FastifyReply, answer: TokenAnswer): FastifyReply {
  return reply.code(answer.status).headers(answer.headers).send(answer.body.reveal());
}

/** All of them: where there are two, Node's own view shows only the first, and something else may have read the second. */
function authorizationHeaders(rawHeaders: readonly string[]): Redacted<string>[] {
  const found: Redacted<string>[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length === 13 && name.toLowerCase() === "authorization")
      found.push(new Redacted(rawHeaders[at + 1] ?? ""));
  }
  return found;
}

function readBody(body: unknown): Redacted<string> | undefined {
  if (!Buffer.isBuffer(body)) return new Redacted("");
  return isUtf8(body) ? new Redacted(body.toString("utf8")) : undefined;
}

const draining: Refusal = {
  kind: "unavailable",
  description: "this instance of the service is stopping: send the request again",
  reason: "draining",
  detail: "the process was told to stop",
  retryAfter: 1,
};
