import { AnswerError } from "./answer-error.ts";

/** The members of an OAuth error response. */
export interface OAuthFailure {
  /** The OAuth error code. */
  readonly error: string;
  /** The server's human-readable description. */
  readonly errorDescription: string | undefined;
  /** The URL of a page about the error. */
  readonly errorUri: string | undefined;
}

/**
 * The token endpoint answered 400 or 401 with an OAuth error.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5.2 RFC 6749 §5.2}
 */
export class IamError extends AnswerError<OAuthFailure> {
  /** The OAuth error code, such as `invalid_client` or `invalid_scope`. */
  declare readonly error: string;
  /** The server's human-readable description, with secrets removed. */
  declare readonly errorDescription: string | undefined;
  /** The URL of a page about the error. */
  declare readonly errorUri: string | undefined;

  get code() {
    return "IamError" as const;
  }
}
