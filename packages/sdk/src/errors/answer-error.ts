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
export abstract class AnswerError<Facts extends object = object> extends CarnetError {
  /** The HTTP status. */
  declare readonly status: number;
  /** The answer's `X-Request-ID`, to quote to the server's operator. */
  declare readonly requestId: string | undefined;
  readonly #headers: Headers;
  readonly #body: string;

  constructor(message: string, facts: AnswerFacts & Facts) {
    const { headers, body, ...fields } = facts;
    super(message, fields);
    this.#headers = headers;
    this.#body = body;
  }

  /** The answer's headers. */
  get headers(): Headers {
    return this.#headers;
  }

  /** The answer's body, cut at 64 KiB, with secrets and tokens taken out. */
  get body(): string {
    return this.#body;
  }
}
