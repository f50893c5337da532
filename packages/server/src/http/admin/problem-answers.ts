import type { AdminProblem } from "@carnet/core/admin-problem";
import type { TokenAnswer } from "@carnet/core/token/render";
import { problems } from "@carnet/protocol/admin/problem-kinds";
import type { Problem } from "@carnet/protocol/admin/problems";
import { Redacted } from "@carnet/protocol/redacted";
import type { FastifyReply } from "fastify";
import { send } from "../send.ts";

/** The answer that describes a problem. @see https://www.rfc-editor.org/rfc/rfc9457#section-3 */
export function renderProblem(problem: AdminProblem, requestId: string): TokenAnswer {
  const { status, title } = problems[problem.kind];
  const body: Problem = {
    type: `urn:carnet:problem:${problem.kind}`,
    title,
    status,
    detail: problem.detail,
    request_id: requestId,
    ...(problem.owner !== undefined && { owner: problem.owner }),
    ...(problem.contact !== undefined && { contact: problem.contact }),
    ...(problem.errors && { errors: [...problem.errors] }),
  };
  const headers = {
    "Content-Type": "application/problem+json;charset=UTF-8",
    "Cache-Control": "no-store",
    ...(problem.kind === "unavailable" && { "Retry-After": "5" }), // RFC 9110 §10.2.3
  };
  return { status, headers, body: new Redacted(JSON.stringify(body)) };
}

export const sendProblem = (reply: FastifyReply, problem: AdminProblem): FastifyReply =>
  send(reply, renderProblem(problem, reply.request.id));
