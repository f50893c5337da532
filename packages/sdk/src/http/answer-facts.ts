import type { AnswerFacts } from "../errors/answer-error.ts";
import type { Scrub } from "../redaction/scrub.ts";
import { BODY_LIMIT } from "./bounded-body.ts";

/** What every error keeps of an answer. */
export function factsOf(
  answer: { readonly status: number; readonly headers: Headers; readonly text: string },
  scrub: Scrub,
): AnswerFacts {
  const id = answer.headers.get("x-request-id") ?? "";
  return {
    status: answer.status,
    headers: answer.headers,
    requestId: /^[\x21-\x7e]{1,128}$/.test(id) ? scrub(id) : undefined,
    body: scrub(answer.text).slice(0, BODY_LIMIT),
  };
}
