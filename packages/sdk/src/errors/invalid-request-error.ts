import { CarnetError } from "./carnet-error.ts";

/** An option or argument is invalid, or a hook failed. Nothing was sent, unless `field` is `hooks.response`. */
export class InvalidRequestError extends CarnetError<{ readonly field: string }> {
  /** The invalid option or argument, such as `security.clientSecret`. */
  declare readonly field: string;

  get code() {
    return "InvalidRequestError" as const;
  }
}

/** Creates the error for one option or argument. The message starts with its name. */
export function invalid(field: string, problem: string, cause?: Error): InvalidRequestError {
  return new InvalidRequestError(`${field} ${problem}.`, { field, cause });
}
