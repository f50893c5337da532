import { AnswerError } from "./answer-error.ts";

/** The response is not a valid token, or is a redirect that must not be followed. */
export class ResponseValidationError extends AnswerError<{ readonly field: string }> {
  /** The invalid member or header, such as `access_token`. It is `body` if the body is not JSON. */
  declare readonly field: string;

  get code() {
    return "ResponseValidationError" as const;
  }
}
