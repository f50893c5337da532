/** The optional cause of any error. */
export interface WithCause {
  /** A summary of the underlying error, without secrets. */
  readonly cause?: Error | undefined;
}

/**
 * The base class of every error in this package, so that one `instanceof` covers them all. It has a stable `code` and
 * plain fields, and nothing that prints it shows a secret.
 */
export abstract class CarnetError<Facts extends object = object> extends Error {
  /** A stable name for the kind of failure: the name of the class. Branch on it. */
  abstract get code(): string;

  /** @param facts become the error's fields, except `cause` */
  constructor(message: string, facts: Facts & WithCause) {
    const { cause, ...fields } = facts;
    super(message, cause && { cause });
    Object.assign(this, fields);
  }

  /** The code. An abort is an `AbortError`. */
  override get name(): string {
    return this.code;
  }

  /** The code, the message and the plain fields, but never the raw response or the cause. */
  toJSON(): Record<string, unknown> {
    const { code, message } = this;
    return Object.assign<Record<string, unknown>, this>({ code, message }, this);
  }
}
