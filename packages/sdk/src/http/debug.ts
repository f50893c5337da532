/** One line of the debug log. It has names and numbers only, no value of a header, field or body. */
export interface DebugEvent {
  /** The method of the request. */
  readonly method: string;
  /** The URL without its query. */
  readonly url: string;
  /** The names of the request's headers. */
  readonly headers: readonly string[] | undefined;
  /** The names of the form fields. Undefined if no form was sent. */
  readonly fields: readonly string[] | undefined;
  /** The response status, or the `code` of the error. */
  readonly status: number | string | undefined;
  /** The names of the response headers. Undefined if there was no response. */
  readonly answerHeaders: readonly string[] | undefined;
  /** From sending the request to the outcome, in milliseconds. */
  readonly durationMs: number;
}

/** Receives debug lines. `console` is one. */
export interface DebugLogger {
  /** Receives one line per request. What it throws or rejects with is ignored. */
  debug(message: string, event: DebugEvent): void;
}
