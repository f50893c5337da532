import type { TokenAnswer } from "@carnet/core/token/render";
import type { FastifyReply } from "fastify";

export const send = (reply: FastifyReply, { status, headers, body }: TokenAnswer): FastifyReply =>
  reply.code(status).headers(headers).send(body.reveal());
