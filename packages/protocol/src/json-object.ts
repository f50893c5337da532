import type { Parameter } from "./form.ts";
import { err, ok, type Result } from "./result.ts";

const stringToken = /"(?:[^"\\]|\\.)*"/g;

/**
 * Decodes one JSON object with string values into its members, in order and with repeated names kept apart, as a
 * form has them. The problem says what was seen, never the text. Does not accept nested values.
 */
export function decodeJsonObject(text: string): Result<readonly Parameter[], string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return err("the body is not valid JSON"); // the parser's own message would quote the body
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return err("the body is JSON but not an object");
  }
  for (const value of Object.values(parsed)) {
    if (typeof value !== "string") return err("a member of the JSON object has a value that is not a string");
    if (!value.isWellFormed()) return err("a member of the JSON object has a value that is not valid Unicode");
  }
  // A flat object of strings is valid JSON here, so its string tokens are name, value, name, value, …
  const tokens = (text.match(stringToken) ?? []).map((token): string => JSON.parse(token));
  const parameters: Parameter[] = [];
  for (let at = 0; at + 1 < tokens.length; at += 2) {
    parameters.push({ name: tokens[at] ?? "", value: tokens[at + 1] ?? "" });
  }
  return ok(parameters);
}
