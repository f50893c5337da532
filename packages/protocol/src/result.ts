/** An outcome as a value: the result, or why there is none. Faults are thrown instead. */
export type Result<Value, Problem> = Ok<Value> | Err<Problem>;

export interface Ok<Value> {
  readonly ok: true;
  readonly value: Value;
}

export interface Err<Problem> {
  readonly ok: false;
  readonly error: Problem;
}

export const ok = <Value>(value: Value): Ok<Value> => ({ ok: true, value });

export const err = <Problem>(error: Problem): Err<Problem> => ({ ok: false, error });
