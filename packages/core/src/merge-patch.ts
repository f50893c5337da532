import type { Result } from "@carnet/protocol/result";
import { type FieldProblem, problemsUnder } from "./admin-problem.ts";

/**
 * Reads the members of a merge patch (RFC 7396) one by one: a missing member keeps its current value, null resets it to
 * the initial one, and any other is parsed. Collects every problem under its pointer: a parser of a nested value gives
 * pointers within it.
 */
export function patchReader<Input extends object, Output extends object>(
  input: Input,
  values: { readonly current: Output; readonly initial: Output; readonly within?: string },
) {
  const problems: FieldProblem[] = [];
  const read = <Field extends keyof Input & string, Key extends keyof Output>(
    field: Field,
    key: Key,
    parse: (given: NonNullable<Input[Field]>) => Result<Output[Key], string | readonly FieldProblem[]>,
  ): Output[Key] => {
    const given = input[field];
    if (given === undefined) return values.current[key];
    if (given === null) return values.initial[key];
    const value = parse(given);
    if (value.ok) return value.value;
    const found = typeof value.error === "string" ? [{ pointer: "", detail: value.error }] : value.error;
    problems.push(...problemsUnder(`${values.within ?? ""}/${field}`, found));
    return values.current[key];
  };
  return { read, problems };
}
