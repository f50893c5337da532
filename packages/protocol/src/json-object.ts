import { err, ok, type Result } from "./result.ts";

/** One member of a JSON object. A value that is neither a string nor null is given as undefined. */
export interface Member {
  readonly name: string;
  readonly value: string | null | undefined;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Decodes a JSON object into its members, in order and with repeated names, like a form. Ignores a byte order mark
 * (RFC 8259 §8.1). The error says what was wrong and never repeats the text. Does not decode nested values.
 */
export function decodeJsonObject(text: string): Result<readonly Member[], string> {
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return err("the body is not valid JSON"); // the parser's own message would quote the body
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return err("the body is JSON but not an object");
  }
  const members = membersOf(json);
  return members.every(({ name, value }) => name.isWellFormed() && (value ?? "").isWellFormed())
    ? ok(members)
    : err("the JSON object holds a string that is not valid Unicode");
}

/** The members of valid JSON. JSON.parse keeps only the last of two members with one name, so read the text itself. */
function membersOf(json: string): readonly Member[] {
  const members: Member[] = [];
  let depth = 0;
  let name: string | undefined;
  for (const [part] of json.matchAll(token)) {
    if (part === "}" || part === "]") depth--;
    else if (depth === 1 && part !== "," && part !== ":") {
      if (name === undefined) name = String(JSON.parse(part));
      else {
        members.push({ name, value: stringOrNull(part) });
        name = undefined;
      }
    }
    if (part === "{" || part === "[") depth++;
  }
  return members;
}

function stringOrNull(part: string): Member["value"] {
  if (part === "null") return null;
  return part.startsWith('"') ? String(JSON.parse(part)) : undefined;
}
