import { AnswerError, type AnswerFacts } from "./answer-error.ts";

/** What a failed answer said of itself, whichever of the known shapes its JSON had. */
export interface ServerReason {
  readonly serverCode: string | undefined;
  readonly serverMessage: string | undefined;
}

/** The token endpoint failed with any 4XX or 5XX that is not an {@link IamError}. */
export class SDKError extends AnswerError {
  readonly code = "ERR_HTTP_STATUS";
  /** The body's `error` or `code`, where it was JSON that had one. */
  readonly serverCode: string | undefined;
  /** The body's `error_description` or `message`, where it was JSON that had one. */
  readonly serverMessage: string | undefined;

  constructor(message: string, facts: AnswerFacts & ServerReason) {
    super(message, facts);
    this.serverCode = facts.serverCode;
    this.serverMessage = facts.serverMessage;
  }

  override get name(): string {
    return "SDKError";
  }
}
