/** One line of the debug log: names and figures, no value that a caller or a server gave. */
export interface DebugEvent {
  readonly method: string;
  /** The address without its query. */
  readonly url: string;
  /** The names of the request's headers. */
  readonly headers: readonly string[];
  /** The names of the form's fields, where a form was sent. */
  readonly fields?: readonly string[];
  readonly status?: number;
  /** The names of the answer's headers. */
  readonly answerHeaders?: readonly string[];
  /** The `code` of the error, where no answer came. */
  readonly error?: string;
  /** From sending to the answer's headers, in milliseconds. */
  readonly durationMs: number;
}

/** Where debug lines go; `console` is one. */
export interface DebugLogger {
  debug(message: string, event: DebugEvent): void;
}
