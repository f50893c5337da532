import type { ProblemKind } from "@carnet/protocol/admin/problem-kinds";
import { type Err, err } from "@carnet/protocol/result";

/** Why an operation of administration was not carried out. Never repeats a secret. */
export interface AdminProblem {
  readonly kind: ProblemKind;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
}

/** A field that cannot be taken as it is. */
export interface FieldProblem {
  /** Where it stands in the body. @see https://www.rfc-editor.org/rfc/rfc6901 */
  readonly pointer: string;
  readonly detail: string;
}

export const invalid = (errors: readonly FieldProblem[]): Err<AdminProblem> =>
  err({
    kind: "invalid",
    detail: errors.map(({ pointer, detail }) => `${pointer.slice(1) || "the body"} ${detail}`).join("; "),
    errors,
  });

export const problem = (kind: ProblemKind, detail: string): Err<AdminProblem> => err({ kind, detail });
