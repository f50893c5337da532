/** An outcome as a value: the result, or why there is none. Faults are thrown instead. */
export type Result<Value, Problem> = Ok<Value> | Err<Problem>;

/** A result. */
export interface Ok<Value> {
  /** Tells a result from a failure. */
  readonly ok: true;
  /** The result itself. */
  readonly value: Value;
}

/** The reason why there is no result. */
export interface Err<Problem> {
  /** Tells a failure from a result. */
  readonly ok: false;
  /** The reason. */
  readonly error: Problem;
}

export const ok = <Value>(value: Value): Ok<Value> => ({ ok: true, value });

export const err = <Problem>(error: Problem): Err<Problem> => ({ ok: false, error });
