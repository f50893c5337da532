import { CarnetError } from "./carnet-error.ts";

/** The caller gave something that cannot be used; nothing was sent. */
export class InvalidRequestError extends CarnetError<{ readonly field: string }> {
  /** The option or argument that is wrong, such as `security.clientSecret`. */
  declare readonly field: string;

  get code() {
    return "InvalidRequestError" as const;
  }
}

/** The error for one option or argument; the message starts with its name. */
export function invalid(field: string, problem: string, cause?: Error): InvalidRequestError {
  return new InvalidRequestError(`${field} ${problem}.`, { field, cause });
}
