import { CarnetError } from "./carnet-error.ts";

/** The caller gave something that cannot be used; nothing was sent. */
export class InvalidRequestError extends CarnetError {
  readonly code = "ERR_INVALID_REQUEST";
  /** The option or argument that is wrong, such as `security.clientSecret`. */
  readonly field: string;

  constructor(message: string, facts: { readonly field: string; readonly cause?: Error | undefined }) {
    super(message, facts.cause);
    this.field = facts.field;
  }

  override get name(): string {
    return "InvalidRequestError";
  }
}
