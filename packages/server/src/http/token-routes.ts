import { isUtf8 } from "node:buffer";
import { isIP } from "node:net";
import type { Refusal } from "@carnet/core/refusal";
import type { TokenAnswer } from "@carnet/core/token/render";
import { answerTokenRequest, refuseTokenRequest } from "@carnet/core/token/token-endpoint";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { paths, type TokenPath } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type HttpPorts, headerText } from "./app.ts";
import { headerValues } from "./header-values.ts";

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
  const query = request.url.search(/[?#]/); // the router ends the path at either
  return {
    requestId: request.id,
    path,
    query: new Redacted(query < 0 ? "" : request.url.slice(query + 1)),
    contentType: contentTypeOf(request),
    authorization: headerValues(request.raw.rawHeaders, "authorization").map((value) => new Redacted(value)),
    version: headerText(request.headers["x-version"]),
    body: readBody(request.body),
    address: addressOf(request),
  };
}

export function sendAnswer(reply: FastifyReply, answer: TokenAnswer): FastifyReply {
  return reply.code(answer.status).headers(answer.headers).send(answer.body.reveal());
}

/** Several are put together, as RFC 9110 §5.3 reads them, and then are no media type. */
function contentTypeOf({ raw }: FastifyRequest): string | undefined {
  const values = headerValues(raw.rawHeaders, "content-type");
  return values.length === 0 ? undefined : values.join(", ");
}

/** What trusted proxies passed on may be anything: it is an address, or it is kept from the log and every allow list. */
export const addressOf = ({ ip }: FastifyRequest): string => (isIP(ip) === 0 ? "unknown" : ip);

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
