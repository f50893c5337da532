/** What any error may be made with. */
export interface WithCause {
  /** A summary of the foreign error behind it. */
  readonly cause?: Error | undefined;
}

/**
 * What every error of this package is: one base with a stable `code`, plain facts in fields, and nothing secret in
 * anything that prints. It stands apart so that a caller can write one `instanceof` for all of them.
 */
export abstract class CarnetError<Facts extends object = object> extends Error {
  /** A stable name for the kind of failure, for programs to branch on: the name of the class. */
  abstract get code(): string;

  /** @param facts what becomes the error's fields, but for a `cause` */
  constructor(message: string, facts: Facts & WithCause) {
    const { cause, ...fields } = facts;
    super(message, cause && { cause });
    Object.assign(this, fields);
  }

  override get name(): string {
    return this.code;
  }

  /** The code, the message and the plain fields; never the headers, the body or the cause. */
  toJSON(): Record<string, unknown> {
    const { code, message } = this;
    return Object.assign<Record<string, unknown>, this>({ code, message }, this);
  }
}
