/** An outcome as a value: what was asked for, or the error that a method would have thrown. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
