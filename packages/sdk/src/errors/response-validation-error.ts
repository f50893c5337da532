import { AnswerError, type AnswerFacts } from "./answer-error.ts";

/** An answer came that is not what was asked for: not a token, or a redirect that must not be followed. */
export class ResponseValidationError extends AnswerError {
  readonly code = "ERR_RESPONSE_VALIDATION";
  /** The member or header that is wrong, such as `access_token`; `body` where it is no JSON object. */
  readonly field: string;

  constructor(message: string, facts: AnswerFacts & { readonly field: string }) {
    super(message, facts);
    this.field = facts.field;
  }

  override get name(): string {
    return "ResponseValidationError";
  }
}
