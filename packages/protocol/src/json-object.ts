import type { Parameter } from "./form.ts";
import { err, ok, type Result } from "./result.ts";

const stringToken = /"(?:[^"\\]|\\.)*"/g;
// An object of strings after each string is replaced by s and white space is removed
const flatObject = /^\{(?:s:s(?:,s:s)*)?\}$/;

/**
 * Decodes a JSON object of strings into its members, in order and with repeated names, like a form. The error says what
 * was wrong and never repeats the text. Does not accept nested values.
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
  // JSON.parse keeps only the last of two members with one name, so check the text itself
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
