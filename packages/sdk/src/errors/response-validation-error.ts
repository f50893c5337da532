import { AnswerError } from "./answer-error.ts";

/** An answer came that is not what was asked for: not a token, or a redirect that must not be followed. */
export class ResponseValidationError extends AnswerError<{ readonly field: string }> {
  /** The member or header that is wrong, such as `access_token`; `body` where it is no JSON object. */
  declare readonly field: string;

  get code() {
    return "ResponseValidationError" as const;
  }
}
