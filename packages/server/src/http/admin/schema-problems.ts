import type { FieldProblem } from "@carnet/core/admin/admin-problem";
import type { TSchema } from "typebox";
import { Errors } from "typebox/value";

/** Each place where a value is not of a schema, once, in words and without the value. Empty where it fits. */
export function schemaProblems(schema: TSchema, value: unknown): readonly FieldProblem[] {
  const errors = Errors(schema, value);
  const places = Map.groupBy(errors, (error) => error.instancePath);
  return [...places].flatMap(([pointer, found]) => {
    const details = describe(found);
    return details.length === 0 ? [] : [{ pointer, detail: details.join(", ") }];
  });
}

type SchemaError = ReturnType<typeof Errors>[number];

function describe(errors: readonly SchemaError[]): readonly string[] {
  if (errors.some(({ keyword }) => keyword === "boolean")) return ["is not known here"];
  const choices = errors.flatMap((error) => (error.keyword === "enum" ? error.params.allowedValues : []));
  const types = errors.flatMap((error) => (error.keyword === "type" ? [error.params.type].flat() : []));
  const others = errors.filter(({ keyword }) => !["enum", "type", "anyOf", "additionalProperties"].includes(keyword));
  return [
    ...(choices.length > 0
      ? [`must be one of: ${[...choices, ...types.filter((type) => type === "null")].join(", ")}`]
      : []),
    ...(choices.length === 0 && types.length > 0 ? [`must be ${types.join(" or ")}`] : []),
    ...others.map(({ message }) => message),
  ];
}
