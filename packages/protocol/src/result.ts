/** What a decision returns: a value, or the reason why there is none. Faults are thrown and are not results. */
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
