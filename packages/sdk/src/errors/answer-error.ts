import { CarnetError } from "./carnet-error.ts";

/** The parts of a response that an error keeps. */
export interface AnswerFacts {
  readonly status: number;
  readonly headers: Headers;
  readonly requestId: string | undefined;
  /** At most 64 KiB of the body, with secrets and tokens removed. */
  readonly body: string;
}

/**
 * An error caused by a server's response. `headers` and `body` can be read, but `inspect`, `console.log` and
 * `JSON.stringify` do not show them.
 */
export abstract class AnswerError<Facts extends object = object> extends CarnetError {
  /** The HTTP status. */
  declare readonly status: number;
  /** The response's `X-Request-ID`. Quote it to the server's operator. */
  declare readonly requestId: string | undefined;
  readonly #headers: Headers;
  readonly #body: string;

  constructor(message: string, facts: AnswerFacts & Facts) {
    const { headers, body, ...fields } = facts;
    super(message, fields);
    this.#headers = headers;
    this.#body = body;
  }

  /** The response's headers. */
  get headers(): Headers {
    return this.#headers;
  }

  /** The response's body, cut at 64 KiB, with secrets and tokens removed. */
  get body(): string {
    return this.#body;
  }
}
