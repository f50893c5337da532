import { CarnetError } from "./carnet-error.ts";

/** The caller gave something that cannot be used; nothing was sent. */
export class InvalidRequestError extends CarnetError<{ readonly field: string }> {
  readonly code = "ERR_INVALID_REQUEST";
  /** The option or argument that is wrong, such as `security.clientSecret`. */
  declare readonly field: string;

  override get name(): string {
    return "InvalidRequestError";
  }
}

/** The error for one option or argument; the message starts with its name. */
export function invalid(field: string, problem: string, cause?: Error): InvalidRequestError {
  return new InvalidRequestError(`${field} ${problem}.`, { field, cause });
}
