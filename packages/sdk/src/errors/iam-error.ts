import { AnswerError, type AnswerFacts } from "./answer-error.ts";

/** The members of an OAuth error answer. */
export interface OAuthFailure {
  readonly error: string;
  readonly errorDescription: string | undefined;
  readonly errorUri: string | undefined;
}

/**
 * The token endpoint refused with 400 or 401 and an OAuth error.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5.2 RFC 6749 §5.2}
 */
export class IamError extends AnswerError {
  readonly code = "ERR_IAM";
  /** The OAuth error code, such as `invalid_client` or `invalid_scope`. */
  readonly error: string;
  /** The server's words for people. */
  readonly errorDescription: string | undefined;
  /** A page about the error. */
  readonly errorUri: string | undefined;

  constructor(message: string, facts: AnswerFacts & OAuthFailure) {
    super(message, facts);
    this.error = facts.error;
    this.errorDescription = facts.errorDescription;
    this.errorUri = facts.errorUri;
  }

  override get name(): string {
    return "IamError";
  }
}
