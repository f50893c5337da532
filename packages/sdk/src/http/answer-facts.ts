import type { AnswerFacts } from "../errors/answer-error.ts";
import { scrub } from "../redaction/scrub.ts";

/** How many bytes of a response body are read and kept. */
export const BODY_LIMIT = 65_536;

interface ResponseParts extends Pick<Response, "status" | "headers"> {
  readonly text?: string;
  /** The secret that was sent, to be removed from the request id. */
  readonly secret?: string | undefined;
}

/** Extracts the parts of a response that an error keeps. */
export function factsOf({ status, headers, text = "", secret }: ResponseParts): AnswerFacts {
  const id = headers.get("x-request-id");
  const requestId = scrub(id ?? "", secret).slice(0, 128) || undefined;
  return { status, requestId, raw: { headers, body: text } };
}
