import { AnswerError } from "./answer-error.ts";

/** What a failed answer said of itself, whichever of the known shapes its JSON had. */
export interface ServerReason {
  readonly serverCode: string | undefined;
  readonly serverMessage: string | undefined;
}

/** The token endpoint failed with any 4XX or 5XX that is not an {@link IamError}. */
export class SDKError extends AnswerError<ServerReason> {
  /** The body's `error` or `code`, where it was JSON that had one. */
  declare readonly serverCode: string | undefined;
  /** The body's `error_description`, `message` or `body`, where it was JSON that had one. */
  declare readonly serverMessage: string | undefined;

  get code() {
    return "SDKError" as const;
  }
}
