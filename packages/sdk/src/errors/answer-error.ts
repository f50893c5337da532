import { CarnetError } from "./carnet-error.ts";

/** A response as the server sent it. */
export interface RawResponse {
  /** All headers. */
  readonly headers: Headers;
  /** At most 64 KiB of the body. Empty if the body was not read. */
  readonly body: string;
}

/** The parts of a response that an error keeps. */
export interface AnswerFacts {
  /** The HTTP status. */
  readonly status: number;
  /** The response's `X-Request-ID`. */
  readonly requestId: string | undefined;
  /** The response as the server sent it. */
  readonly raw: RawResponse;
}

/** An error caused by a server's response. It shows the response's safe facts only. */
export abstract class AnswerError<Facts extends object = object> extends CarnetError {
  /** The HTTP status. */
  declare readonly status: number;
  /** The response's `X-Request-ID`. Quote it to the server's operator. */
  declare readonly requestId: string | undefined;
  readonly #raw: RawResponse;

  /** Called by the subclasses. */
  constructor(message: string, facts: AnswerFacts & Facts) {
    const { raw, ...fields } = facts;
    super(message, fields);
    this.#raw = raw;
  }

  /**
   * The response's headers and body, unchanged. They can contain a token, cookies, or the secret that was sent, so do not
   * log them.
   */
  rawResponse(): RawResponse {
    return this.#raw;
  }
}
