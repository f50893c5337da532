import type { ProblemKind } from "@carnet/protocol/admin/problem-kinds";
import { type Err, err } from "@carnet/protocol/result";

/** Why an admin operation was refused. Never repeats a secret. */
export interface AdminProblem {
  readonly kind: ProblemKind;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  /** The owner whose policy refused. */
  readonly owner?: string;
  /** Whom the caller can ask. */
  readonly contact?: string;
  /** The rule of `permit` that refused, for the event only. */
  readonly rule?: string;
}

/** A field whose value is not accepted. */
export interface FieldProblem {
  /** Its place in the body, as a JSON pointer. @see https://www.rfc-editor.org/rfc/rfc6901 */
  readonly pointer: string;
  readonly detail: string;
}

export const invalid = (errors: readonly FieldProblem[]): Err<AdminProblem> =>
  err({ kind: "invalid", detail: problemsText(errors), errors });

/** `scope must …; access_token_ttl must …` */
export const problemsText = (errors: readonly FieldProblem[]): string =>
  errors.map(({ pointer, detail }) => `${pointer.slice(1) || "the body"} ${detail}`).join("; ");

/** The problems of a member's value, with pointers from the whole body. */
export const problemsUnder = (parent: string, errors: readonly FieldProblem[]): readonly FieldProblem[] =>
  errors.map(({ pointer, detail }) => ({ pointer: `${parent}${pointer}`, detail }));

export const problem = (kind: ProblemKind, detail: string): Err<AdminProblem> => err({ kind, detail });
