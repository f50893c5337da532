/**
 * What every error of this package is: one base with a stable `code`, plain facts in fields, and nothing secret in
 * anything that prints. It stands apart so that a caller can write one `instanceof` for all of them.
 */
export abstract class CarnetError extends Error {
  /** A stable name for the kind of failure, for programs to branch on. */
  abstract readonly code: string;

  constructor(message: string, cause?: Error) {
    super(message, cause === undefined ? undefined : { cause });
  }

  /** The name, the message and the plain fields; never the headers, the body or the cause. */
  toJSON(): Record<string, unknown> {
    const facts: Record<string, unknown> = { name: this.name, message: this.message };
    return Object.assign(facts, this);
  }
}
