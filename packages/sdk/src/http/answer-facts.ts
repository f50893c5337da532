import type { AnswerFacts } from "../errors/answer-error.ts";
import { type Scrub, scrubber } from "../redaction/scrub.ts";

/** How much of an answer's body is read and kept, in bytes. */
export const BODY_LIMIT = 65_536;

interface Answered extends Pick<Response, "status" | "headers"> {
  readonly text?: string;
  readonly scrub?: Scrub;
}

/** What every error keeps of an answer. */
export function factsOf({ status, headers, text = "", scrub = scrubber([]) }: Answered): AnswerFacts {
  const id = headers.get("x-request-id");
  return { status, headers, requestId: scrub(id ?? "").slice(0, 128) || undefined, body: scrub(text) };
}
