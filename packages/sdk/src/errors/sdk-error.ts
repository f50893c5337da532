import { AnswerError } from "./answer-error.ts";

/** The server's explanation, read from any of the known JSON error formats. */
export interface ServerReason {
  /** The server's error code. */
  readonly serverCode: string | undefined;
  /** The server's human-readable message. */
  readonly serverMessage: string | undefined;
}

/** The token endpoint answered with a 4XX or 5XX that is not an {@link IamError}. */
export class SDKError extends AnswerError<ServerReason> {
  /** The body's `error` or `code`, if it is JSON and has one. */
  declare readonly serverCode: string | undefined;
  /** The body's `error_description`, `message` or `body`, if it is JSON and has one. */
  declare readonly serverMessage: string | undefined;

  get code() {
    return "SDKError" as const;
  }
}
