import { IsArray, IsObject, type TSchema } from "typebox";
import { Settings } from "typebox/system";
import { Check, Errors } from "typebox/value";
import type { FieldProblem } from "./problems.ts";

// A wrong field takes up to three errors, and each error beyond the limit costs the caller another request
Settings.Set({ maxErrors: 300 });

/** Every place where a value breaks its schema, without the value itself. Empty when the value is valid. */
export function schemaProblems(schema: TSchema, value: unknown): readonly FieldProblem[] {
  const tooLong = tooLongLists(schema, value);
  if (tooLong.length > 0) return tooLong;
  if (Check(schema, value)) return [];
  const places = Map.groupBy(Errors(schema, value), (error) => error.instancePath);
  const problems = [...places].flatMap(([pointer, found]) => {
    // An object or null: what is wrong inside the object says enough
    const isInside = [...places.keys()].some((other) => other.startsWith(`${pointer}/`));
    const details = describe(isInside ? found.filter(({ keyword }) => keyword !== "type") : found);
    return details.length === 0 ? [] : [{ pointer, detail: details.join(", ") }];
  });
  return problems.length > 0 ? problems : [{ pointer: "", detail: "does not match the schema" }];
}

/** Checked first, because describing a million wrong items would block the service for many seconds. */
function tooLongLists(schema: TSchema, value: unknown): readonly FieldProblem[] {
  if (!IsObject(schema) || typeof value !== "object" || value === null) return [];
  return Object.entries(schema.properties).flatMap(([name, member]) => {
    const list: unknown = Reflect.get(value, name);
    const max: unknown = IsArray(member) ? Reflect.get(member, "maxItems") : undefined;
    if (typeof max !== "number" || !Array.isArray(list) || list.length <= max) return [];
    return [{ pointer: `/${name}`, detail: `must have at most ${max} items` }];
  });
}

type SchemaError = ReturnType<typeof Errors>[number];

function describe(errors: readonly SchemaError[]): readonly string[] {
  if (errors.some(({ keyword }) => keyword === "boolean")) return ["is not recognised"];
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
