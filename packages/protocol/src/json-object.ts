import type { Parameter } from "./form.ts";
import { err, ok, type Result } from "./result.ts";

const stringToken = /"(?:[^"\\]|\\.)*"/g;
// What is left of an object of strings once each string is an s and the white space is gone
const flatObject = /^\{(?:s:s(?:,s:s)*)?\}$/;

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
  // The parser keeps the last of two members with one name, so the text itself is looked at
  if (!flatObject.test(text.replace(stringToken, "s").replace(/\s+/g, ""))) {
    return err("a member of the JSON object has a value that is not a string");
  }
  const strings = (text.match(stringToken) ?? []).map((token): string => JSON.parse(token));
  if (!strings.every((string) => string.isWellFormed())) {
    return err("the JSON object holds a string that is not valid Unicode");
  }
  const parameters: Parameter[] = [];
  for (let at = 0; at + 1 < strings.length; at += 2) {
    parameters.push({ name: strings[at] ?? "", value: strings[at + 1] ?? "" });
  }
  return ok(parameters);
}
