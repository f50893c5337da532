export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Applies a merge patch to an object, level by level. Members that are null are removed. Keeps a member `__proto__` as
 * plain data.
 * @see https://www.rfc-editor.org/rfc/rfc7396#section-2
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    const before = merged.get(name);
    if (value === null) merged.delete(name);
    else merged.set(name, isJsonObject(value) ? mergePatch(isJsonObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(merged);
}

/** The merge patch that turns one object into another, which must have no member that is null. */
export function mergePatchBetween(from: JsonObject, to: JsonObject): JsonObject {
  const removed = Object.keys(from).filter((name) => !Object.hasOwn(to, name));
  const patched = Object.entries(to).map(([name, value]): [string, JsonValue] => {
    const before = Object.hasOwn(from, name) ? from[name] : undefined;
    return [name, isJsonObject(before) && isJsonObject(value) ? mergePatchBetween(before, value) : value];
  });
  return Object.fromEntries([...removed.map((name): [string, JsonValue] => [name, null]), ...patched]);
}
