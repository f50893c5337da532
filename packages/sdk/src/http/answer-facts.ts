import type { AnswerFacts } from "../errors/answer-error.ts";
import { scrub } from "../redaction/scrub.ts";

/** How much of an answer's body is read and kept, in bytes. */
export const BODY_LIMIT = 65_536;

interface Answered extends Pick<Response, "status" | "headers"> {
  readonly text?: string;
  /** What was sent and must not be shown. */
  readonly secret?: string;
}

/** What every error keeps of an answer. */
export function factsOf({ status, headers, text = "", secret }: Answered): AnswerFacts {
  const id = headers.get("x-request-id");
  return { status, headers, requestId: scrub(id ?? "", secret).slice(0, 128) || undefined, body: scrub(text, secret) };
}
