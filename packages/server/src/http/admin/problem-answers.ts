import type { AdminProblem } from "@carnet/core/admin-problem";
import { problems } from "@carnet/protocol/admin/problem-kinds";
import type { Problem } from "@carnet/protocol/admin/problems";
import type { FastifyReply } from "fastify";

/** Answers with a problem. @see https://www.rfc-editor.org/rfc/rfc9457#section-3 */
export function sendProblem(reply: FastifyReply, problem: AdminProblem, requestId: string): FastifyReply {
  const { status, title } = problems[problem.kind];
  const body: Problem = {
    type: `urn:carnet:problem:${problem.kind}`,
    title,
    status,
    detail: problem.detail,
    request_id: requestId,
    ...(problem.errors && { errors: [...problem.errors] }),
  };
  if (problem.kind === "unavailable" && !reply.hasHeader("Retry-After")) reply.header("Retry-After", "5"); // RFC 9110 §10.2.3
  return reply
    .code(status)
    .headers({ "Content-Type": "application/problem+json;charset=UTF-8", "Cache-Control": "no-store" })
    .send(JSON.stringify(body));
}
