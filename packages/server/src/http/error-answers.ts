import type { AdminProblem } from "@carnet/core/admin-problem";
import type { Refusal } from "@carnet/core/refusal";
import { renderRefusal, type TokenAnswer } from "@carnet/core/token/render";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import { Redacted } from "@carnet/protocol/redacted";
import type { RefusalFacts } from "@carnet/protocol/refusals";
import type { ErrorResponse } from "@carnet/protocol/token-response";
import { tokenResponseHeaders } from "@carnet/protocol/token-response-headers";
import { adminBodyLimit } from "../json-body.ts";
import { renderProblem } from "./admin/problem-answers.ts";
import { httpRefusals } from "./http-refusals.ts";

/** The parts of a request that decide the shape of an error. */
export interface ErrorContext {
  readonly path: string;
  readonly requestId: string;
}

export const isAdminPath = (path: string): boolean => path.startsWith(`${adminPath}/`);

/** A refusal in the shape of its path: RFC 9457 under the admin API, RFC 6749 elsewhere. */
export function renderError(refusal: Refusal, { path, requestId }: ErrorContext): TokenAnswer {
  if (!isAdminPath(path)) return renderRefusal(refusal);
  const { status, headers, body } = renderProblem(problemOf(refusal), requestId);
  const { retryAfter } = refusal;
  return { status, body, headers: retryAfter === undefined ? headers : { ...headers, "Retry-After": `${retryAfter}` } };
}

/** The problem that a refusal is under the admin API. */
export function problemOf({ kind, reason, description }: Refusal): AdminProblem {
  if (reason === "bad_content_type") return { kind: "unsupported_media_type", detail: "send application/json" };
  if (kind === "bodyTooLarge") return { kind: "too_large", detail: `the body is larger than ${adminBodyLimit} MiB` };
  if (kind === "malformedRequest") return { kind: "malformed", detail: description };
  return { kind: kind === "unavailable" ? "unavailable" : "fault", detail: description };
}

/** 404. */
export function renderUnknownPath({ path, requestId }: ErrorContext): TokenAnswer {
  if (isAdminPath(path)) {
    const detail = "the admin API does not have this path: see GET /docs";
    return renderProblem({ kind: "not_found", detail }, requestId);
  }
  return errorAnswer(httpRefusals.unknownPath, "nothing is served at this path: see GET /docs");
}

/** 405 with the methods that the path supports. */
export function renderUnknownMethod({ path, requestId }: ErrorContext, methods: ReadonlySet<string>): TokenAnswer {
  const allowed = [...methods].sort().join(", ");
  const description = `this path supports ${allowed}`;
  const { status, headers, body } = isAdminPath(path)
    ? renderProblem({ kind: "method_not_allowed", detail: description }, requestId)
    : errorAnswer(httpRefusals.unknownMethod, description);
  return { status, body, headers: { ...headers, Allow: allowed } }; // RFC 9110 §15.5.6
}

/** An answer in the shape of RFC 6749 §5.2. */
export const errorAnswer = ({ status, error }: RefusalFacts, description: string): TokenAnswer => ({
  status,
  headers: tokenResponseHeaders,
  body: new Redacted(JSON.stringify({ error, error_description: description } satisfies ErrorResponse)),
});
