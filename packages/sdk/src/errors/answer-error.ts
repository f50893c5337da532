import { CarnetError } from "./carnet-error.ts";

/** What is kept of an answer that became an error. */
export interface AnswerFacts {
  readonly status: number;
  readonly headers: Headers;
  readonly requestId: string | undefined;
  /** At most 64 KiB of the body, with secrets and tokens taken out. */
  readonly body: string;
}

/**
 * An error that a server's answer caused. Its headers and body can be read, but are not shown by `inspect`,
 * `console.log` or `JSON.stringify`.
 */
export abstract class AnswerError extends CarnetError {
  /** The HTTP status. */
  readonly status: number;
  /** The answer's `X-Request-ID`, to quote to the server's operator. */
  readonly requestId: string | undefined;
  readonly #facts: AnswerFacts;

  constructor(message: string, facts: AnswerFacts) {
    super(message);
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.#facts = facts;
  }

  /** The answer's headers. */
  get headers(): Headers {
    return this.#facts.headers;
  }

  /** The answer's body, cut at 64 KiB, with secrets and tokens taken out. */
  get body(): string {
    return this.#facts.body;
  }
}
