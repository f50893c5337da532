/** One line of the debug log: names and figures, no value that a caller or a server gave. */
export interface DebugEvent {
  readonly method: string;
  /** The address without its query. */
  readonly url: string;
  /** The names of the request's headers. */
  readonly headers: readonly string[] | undefined;
  /** The names of the form's fields; undefined where no form was sent. */
  readonly fields: readonly string[] | undefined;
  /** The answer's status, or the `code` of the error. */
  readonly status: number | string | undefined;
  /** The names of the answer's headers; undefined where none came. */
  readonly answerHeaders: readonly string[] | undefined;
  /** From sending to the end, in milliseconds. */
  readonly durationMs: number;
}

/** Where debug lines go; `console` is one. */
export interface DebugLogger {
  debug(message: string, event: DebugEvent): void;
}
